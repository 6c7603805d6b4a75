import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

export interface SmtpServer {
  url: string;
  port: number;
  messages: string[];
  /** Answers MAIL FROM with this instead of taking the message. */
  refuseWith: string | undefined;
  /** Says nothing from then on: before it greets, or after it took a message. */
  silent: 'greeting' | 'taken' | undefined;
  /** So many messages are taken, and the connection dropped before the answer. */
  drops: number;
  /** Says what it held back while it was silent. */
  answer: () => void;
  close: () => Promise<void>;
}

/** An SMTP server of a few lines, which can refuse: the mailbox takes everything. */
export async function smtpServer(port = 0): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const say = (line: string) => socket.write(`${line}\r\n`);
    let body: string[] | undefined;
    let rest = '';
    if (made.silent !== 'greeting') say('220 test ESMTP');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (body) {
          if (line !== '.') body.push(line);
          else {
            made.messages.push(body.join('\n'));
            body = undefined;
            if (made.drops > 0) {
              made.drops -= 1;
              socket.destroy();
            } else if (made.silent === 'taken') held.push(() => say('250 taken'));
            else say('250 taken');
          }
        } else if (/^MAIL/i.test(line)) say(made.refuseWith ?? '250 ok');
        else if (/^DATA/i.test(line)) {
          body = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else say('250 ok');
      }
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const taken = (server.address() as AddressInfo).port;
  const made: SmtpServer = {
    url: `smtp://127.0.0.1:${taken}`,
    port: taken,
    messages: [],
    refuseWith: undefined,
    silent: undefined,
    drops: 0,
    answer() {
      for (const say of held.splice(0)) say();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return made;
}
