import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchFault } from './fault';

/** Below the ports that Linux hands out by itself, so that no outgoing connection sits on one of ours. */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 50;
const POLL_MS = 50;

/** Why `port` can't be listened on at `host` (an errno such as EADDRINUSE), or undefined when it can. */
export const refusalOf = (port: number, host?: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** A free port on 127.0.0.1: `preferred` if it is free, else one by chance, so that two copies don't meet. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred && !(await refusalOf(preferred, '127.0.0.1'))) return preferred;
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST, LAST);
    if (!(await refusalOf(port, '127.0.0.1'))) return port;
  }
  throw new LaunchFault(`No free port was found between ${FIRST} and ${LAST} on 127.0.0.1.`);
}

/** Throws LaunchFault naming the port and the remedy when the product can't listen there. */
export async function requirePort(port: number, host: string | undefined): Promise<void> {
  const refusal = await refusalOf(port, host);
  // A browser that is sent to "localhost" tries ::1 first: whoever listens there would get our visitors.
  const elsewhere = host === '127.0.0.1' && (await refusalOf(port, '::1')) === 'EADDRINUSE' ? 'EADDRINUSE' : undefined;
  switch (refusal ?? elsewhere) {
    case undefined:
      return;
    case 'EADDRINUSE':
      throw new LaunchFault(
        `Port ${port} is taken by another program.\nStop that program, or choose another port: PORT=${port + 1} npm start`,
      );
    case 'EACCES':
      throw new LaunchFault(
        `Port ${port} needs rights that this user lacks. Choose one above 1023: PORT=3000 npm start`,
      );
    default:
      throw new LaunchFault(`Can't listen on ${host ?? 'any address'} port ${port} (${refusal}). Change HOST or PORT.`);
  }
}

const accepts = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.setTimeout(1000, () => answer(false));
  });

/** Waits until something accepts connections there. False when `ms` passed or `gaveUp` turned true. */
export async function waitForPort(port: number, ms: number, gaveUp = () => false): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end && !gaveUp(); await sleep(POLL_MS)) {
    if (await accepts(port, '127.0.0.1')) return true;
  }
  return false;
}
