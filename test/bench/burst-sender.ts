import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { signatureHeader } from '../../dev/stripe/deliveries';

export interface Burst {
  url: string;
  secret: string;
  /** The customer of each event, in the order of sending. */
  customerIds: string[];
  connections: number;
}

function sendOne({ url, secret }: Burst, agent: Agent, customerId: string): Promise<void> {
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({
    id: `evt_${randomBytes(8).toString('hex')}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created,
    livemode: false,
    type: 'customer.subscription.updated',
    data: { object: { object: 'subscription', id: `sub_${customerId}`, customer: customerId } },
  });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signatureHeader(body, secret, created) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${answer.statusCode}.`));
      });
    });
    sent.once('error', reject).end(body);
  });
}

async function sendAll(burst: Burst): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: burst.connections });
  const left = burst.customerIds[Symbol.iterator]();
  const lane = async () => {
    for (const customerId of left) await sendOne(burst, agent, customerId);
  };
  await Promise.all(Array.from({ length: burst.connections }, lane));
}

/** Sends an event for each of the customers, as fast as they are taken, from a thread of its own. Throws unless all are. */
export function sendBurst(burst: Burst): Promise<void> {
  return new Promise((resolve, reject) => {
    new Worker(__filename, { workerData: burst }).once('message', () => resolve()).once('error', reject);
  });
}

if (parentPort) void sendAll(workerData as Burst).then(() => parentPort!.postMessage('sent'));
