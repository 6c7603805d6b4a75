import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a request is turned away before Stripe has it; `cut` closes the line without an answer. */
export type Refusal = { status: number; error: Record<string, string>; headers?: Record<string, string> } | 'cut';

/** Stands before the stand-in of Stripe and loses answers: what was asked is done, and whoever asked never learns. */
export class LossyFront {
  /** Which requests begin it, as `POST /v1/subscriptions/`; null for none. */
  private losing: { start: string; answers: number; begun: boolean; thenSilent: boolean } | null = null;
  private failing: { start: string; begun: boolean } | null = null;
  private refusing: { start: string; how: Refusal } | null = null;
  private readonly server: Server;

  private constructor(private readonly behind: string) {
    this.server = createServer((req, res) => void this.pass(req, res).catch(() => req.socket.destroy()));
  }

  static async before(behind: string): Promise<LossyFront> {
    const front = new LossyFront(behind);
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Loses the answers to so many requests that begin so; `thenSilent`, nothing at all is answered after the first. */
  lose(start: string, answers: number, options: { thenSilent?: boolean } = {}): void {
    this.losing = { start, answers, begun: false, thenSilent: options.thenSilent ?? false };
  }

  /** From the first request on that begins so, all are answered 500 and none is passed on. */
  fail(start: string): void {
    this.failing = { start, begun: false };
  }

  /** Each request that begins so is turned away; all others pass. */
  refuse(start: string, how: Refusal): void {
    this.refusing = { start, how };
  }

  calmDown(): void {
    this.refusing = null;
    this.losing = null;
    this.failing = null;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const request = `${req.method} ${req.url}`;
    if (this.failing) {
      this.failing.begun ||= request.startsWith(this.failing.start);
      if (this.failing.begun) {
        req.resume();
        const error = { type: 'api_error', message: 'Something went wrong.' };
        res.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
        return;
      }
    }
    if (this.refusing && request.startsWith(this.refusing.start)) {
      req.resume();
      const { how } = this.refusing;
      if (how === 'cut') req.socket.destroy();
      else
        res
          .writeHead(how.status, { 'content-type': 'application/json', ...how.headers })
          .end(JSON.stringify({ error: { message: 'Refused.', ...how.error } }));
      return;
    }
    const lost = this.isLost(request);
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers;
    const answer = await fetch(`${this.behind}${req.url}`, {
      method: req.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (lost) {
      req.socket.destroy();
      return;
    }
    const told = [...answer.headers].filter(([name]) => !/^(connection|content-|transfer-|keep-alive)/.test(name));
    res.writeHead(answer.status, { ...Object.fromEntries(told), 'content-type': 'application/json' }).end(body);
  }

  private isLost(request: string): boolean {
    const { losing } = this;
    if (!losing) return false;
    if (losing.begun && losing.thenSilent) return true;
    if (!request.startsWith(losing.start) || losing.answers <= 0) return false;
    losing.begun = true;
    losing.answers -= 1;
    return true;
  }
}
