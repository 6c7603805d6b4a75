import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** An SMTP server that takes everything, each message after `DELAY_MS`, and keeps nothing. Tells its port on the first line. */
const DELAY_MS = Number(process.env.DELAY_MS ?? 0);
const END = '\r\n.\r\n';

const server = createServer((socket) => {
  let inData = false;
  let rest = '';
  const taken = () => socket.write('250 2.0.0 Ok: queued as 4F2B1C0\r\n');
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.write('220 sink ESMTP\r\n');
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (;;) {
      if (inData) {
        const end = rest.indexOf(END);
        if (end < 0) {
          rest = rest.slice(-END.length);
          return;
        }
        rest = rest.slice(end + END.length);
        inData = false;
        if (DELAY_MS > 0) setTimeout(taken, DELAY_MS);
        else taken();
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end < 0) return;
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (/^DATA/i.test(line)) {
        inData = true;
        socket.write('354 go on\r\n');
      } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
      else socket.write('250 ok\r\n');
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
