import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { parentPort, Worker } from 'node:worker_threads';

interface Questions {
  urls: string[];
  cookie: string;
}

export interface Asker {
  /** Asks one after the other; gives how many milliseconds each took. Throws when any is not answered with 200. */
  ask: (questions: Questions) => Promise<number[]>;
  close: () => Promise<unknown>;
}

const agent = new Agent({ keepAlive: true });

async function askAll({ urls, cookie }: Questions): Promise<number[]> {
  const times: number[] = [];
  for (const url of urls) {
    const begin = performance.now();
    const [answer] = (await once(get(url, { agent, headers: { cookie } }), 'response')) as [IncomingMessage];
    const body = await text(answer);
    times.push(performance.now() - begin);
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${body}`);
  }
  return times;
}

/** Somebody who asks over one connection, from a thread of their own: what they do is not the server's work. */
export function anAsker(): Asker {
  const worker = new Worker(__filename);
  return {
    ask: (questions) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (times: number[]) => {
          worker.off('error', reject);
          resolve(times);
        });
        worker.postMessage(questions);
      }),
    close: () => worker.terminate(),
  };
}

parentPort?.on('message', async (questions: Questions) => parentPort!.postMessage(await askAll(questions)));
