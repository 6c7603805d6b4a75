import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';

/** One answer that is to be held up. */
export interface Hold {
  /** Of the request, without its query. */
  path: string;
  ms: number;
  /** Told when the answer stands and is on hold: what changes from now on is not in it. */
  whenHeld: () => void;
}

/** Listens before the stand-in, and holds an answer up when told: what its reader then knows has grown old. */
export class SlowFront {
  private hold: Hold | null = null;
  private readonly held = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(standIn: Express): Promise<SlowFront> {
    const app = express();
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const front = new SlowFront(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    app.use((req, res, next) => {
      if (front.hold?.path === req.path) {
        const answered = delay(res, front.hold);
        front.held.add(answered);
        void answered.finally(() => front.held.delete(answered));
        front.hold = null;
      }
      next();
    });
    app.use(standIn);
    return front;
  }

  /** Of all requests that follow, the first to fit is held up; null: none. */
  holdNext(hold: Hold | null): void {
    this.hold = hold;
  }

  /** Until nothing is held up any more. */
  async idle(): Promise<void> {
    await Promise.all(this.held);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Resolves when the answer went out, or its reader is gone. */
function delay(res: express.Response, { ms, whenHeld }: Hold): Promise<void> {
  const end = res.end.bind(res) as (...args: unknown[]) => express.Response;
  res.end = ((...args: unknown[]) => {
    whenHeld();
    setTimeout(() => end(...args), ms);
    return res;
  }) as typeof res.end;
  return new Promise((resolve) => res.once('close', () => resolve()));
}
