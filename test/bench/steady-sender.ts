import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import signedEvent from './signed-event';

interface Pace {
  url: string;
  /** Of a GET; where left out, signed events are sent. */
  headers?: Record<string, string>;
  perSecond: number;
  seconds: number;
}

/** Sends one request; gives the milliseconds from when it was due, however late it was sent. */
function sendOne({ url, headers: given }: Pace, agent: Agent, due: number): Promise<number> {
  const { method, body, headers } = given
    ? { method: 'GET', body: undefined, headers: given }
    : { method: 'POST', ...signedEvent({}) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve(performance.now() - due);
        else reject(new Error(`${url} answered ${answer.statusCode}.`));
      });
    });
    sent.once('error', reject).end(body);
  });
}

/** One request after the other at its time, whether or not those before it are answered. */
async function sendAll(pace: Pace): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const begin = performance.now();
  const times: Promise<number>[] = [];
  for (let n = 0; n < pace.perSecond * pace.seconds; n += 1) {
    const due = begin + (n * 1000) / pace.perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    times.push(sendOne(pace, agent, due));
  }
  return Promise.all(times);
}

/**
 * Requests to `url`, so many every second, from a thread of their own, over as many connections as it takes.
 * Gives how many milliseconds each took. Throws when any is not answered with 200.
 */
export function sendSteadily(pace: Pace): Promise<number[]> {
  return new Promise((resolve, reject) => {
    new Worker(__filename, { workerData: pace }).once('message', resolve).once('error', reject);
  });
}

if (parentPort) void sendAll(workerData as Pace).then((times) => parentPort!.postMessage(times));
