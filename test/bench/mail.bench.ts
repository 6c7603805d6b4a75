import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemActor } from '../../server/audit/actor';
import { Email } from '../../server/emails/email.entity';
import { renderEmail } from '../../server/emails/render-email';
import { openTransport } from '../../server/emails/transport';
import { importInvitations } from '../../server/invitations/import/import-invitations';
import { startWorkers } from '../../workers/start';
import { makeContext } from '../support/context';
import { aTenant } from '../support/factories';
import { bench, quantile, type Report } from './support';

const MAILS = 10_000;
const HUNDREDS = 1000;
const BARE = 3000;
const LIMIT_SHARE: Record<number, number> = { 0: 0.25, 20: 0.8 };
const GROWTH_MB = 30;
const PREFIX = '{bench-mail}';

async function startSink(delayMs: number): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(join(__dirname, 'smtp-sink.js'), {
    env: { ...process.env, DELAY_MS: String(delayMs) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { url: `smtp://127.0.0.1:${String(line).trim()}`, child };
}

/** The same message over the same pooled connections, rendered once, and nothing kept of it: mails a second. */
async function bareLoop(url: string, count: number): Promise<number> {
  const transport = openTransport(url);
  const data = {
    tenantName: 'Acme',
    inviterName: 'Ada',
    role: 'member',
    expiresAt: new Date().toISOString(),
    termDays: '7',
  };
  const rendered = renderEmail('invitation', {
    publicUrl: 'http://localhost',
    productName: 'Tenantry',
    data,
    secret: 'x'.repeat(43),
  });
  const message = { ...rendered, from: 'no-reply@example.com', to: 'ann@example.com' };
  const begin = performance.now();
  let sent = 0;
  const loop = async () => {
    for (; sent < count; ) {
      sent += 1;
      await transport.sendMail(message);
    }
  };
  await Promise.all(Array.from({ length: 16 }, loop));
  const rate = (count * 1000) / (performance.now() - begin);
  transport.close();
  return rate;
}

async function measure(report: Report, delayMs: number): Promise<void> {
  const { url, child } = await startSink(delayMs);
  const made = await makeContext({ SMTP_URL: url, STRIPE_API_BASE: 'http://127.0.0.1:9' });
  const { context } = made;
  for (let n = 0; n < MAILS / HUNDREDS; n += 1) {
    const { id: tenantId } = await aTenant(context);
    const csv = Array.from({ length: HUNDREDS }, (_, i) => `person-${n}-${i}@example.com`).join('\n');
    await importInvitations(context, systemActor, { tenantId, importId: `import-${delayMs}-${n}`, csv });
  }
  const bareBefore = await bareLoop(url, BARE);
  const memory: number[] = [];
  const prefix = `${PREFIX}${delayMs}`;
  const begin = performance.now();
  const workers = startWorkers(context, { prefix, sweepMs: 60_000 });
  const sent = () => context.db.getRepository(Email).countBy({ status: 'sent' });
  for (let done = 0; done < MAILS; ) {
    await sleep(250);
    memory.push(process.memoryUsage().rss / 2 ** 20);
    done = await sent();
  }
  const rate = (MAILS * 1000) / (performance.now() - begin);
  const bareAfter = await bareLoop(url, BARE);
  const bare = (bareBefore + bareAfter) / 2;
  const label = delayMs === 0 ? 'a sink that answers at once' : `a sink that takes ${delayMs} ms`;
  report.atLeast(`Invitations to ${label}`, rate, LIMIT_SHARE[delayMs]!, bare, '/s');
  const median = (from: number, to: number) =>
    quantile(memory.slice(Math.floor(from * memory.length), Math.ceil(to * memory.length)), 0.5);
  report.atMost('  growth of memory over the second half', median(0.85, 1) - median(0.5, 0.65), GROWTH_MB, 'MB');
  await workers.stop();
  await made.close();
  child.disconnect();
}

void bench(async (report) => {
  await measure(report, 0);
  await measure(report, 20);
});
