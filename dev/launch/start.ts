import { join } from 'node:path';
import type { Config } from '../../server/config';
import { AppProcess, endLeftovers } from './app-process';
import { type DataDir, openDataDir } from './data-dir';
import { failedRun, LaunchFault, lastLines, lastLinesOf, together } from './fault';
import { takeLock } from './lock';
import { startMailbox } from './mailbox';
import { requirePort } from './ports';
import { provideDatabase, provideRedis, type Service, type Tell } from './provision';
import { runToEnd } from './provision/binaries';
import { checkSettings, needsMailbox, needsStandIn, withDefaults, withSecrets } from './settings';
import type { Steps } from './steps';
import { startStripeStandIn } from './stripe';
import { stopOnSignal, Teardown } from './teardown';
import { buildWebPages } from './web-pages';
import { WORKER_FLAGS } from './worker-flags';

const WATCH_MS = 1000;

const program = (...path: string[]) => join('dist', ...path);

/** Where programs on this machine reach what listens on `HOST`:`PORT`. */
const localUrl = ({ host, port }: Config) => {
  const everywhere = !host || host === '0.0.0.0' || host === '::';
  return `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
};

async function runProgram(steps: Steps, label: string, done: string, script: string, env: NodeJS.ProcessEnv) {
  await steps.step(label, async (say) => {
    const { code, said } = await runToEnd(process.execPath, [script], { env });
    if (code !== 0) throw failedRun(`${label} failed`, lastLines(said));
    say(done);
  });
}

async function services(data: DataDir, env: NodeJS.ProcessEnv, steps: Steps, teardown: Teardown) {
  const provide = (label: string, work: (tell: Tell) => Promise<Service>) =>
    steps.step(label, async (say) => {
      const service = await work(say);
      await teardown.add('services', { label: label.toLowerCase(), stop: () => service.stop() });
      say(`${label}: ${service.source}`);
      return service;
    });
  return together(
    provide('Database', (tell) =>
      provideDatabase(
        data,
        { setting: 'DATABASE_URL', url: env.DATABASE_URL?.trim() },
        { rights: 'one', durability: 'each-commit' },
        tell,
      ),
    ),
    provide('Redis', (tell) =>
      provideRedis(data, { setting: 'REDIS_URL', url: env.REDIS_URL?.trim() }, { durability: 'each-second' }, tell),
    ),
  );
}

async function standIns(data: DataDir, env: NodeJS.ProcessEnv, config: Config, steps: Steps, teardown: Teardown) {
  const mailbox = needsMailbox(env)
    ? steps.step('Mailbox', () => startMailbox(data, steps, teardown))
    : Promise.resolve(undefined);
  const stripe = needsStandIn(env)
    ? steps.step('Stripe stand-in', () =>
        startStripeStandIn(data, steps, teardown, `${localUrl(config)}/webhooks/stripe`),
      )
    : Promise.resolve(undefined);
  return together(mailbox, stripe);
}

/** The product runs on as long as its servers do: when one of ours dies, nothing can go on. */
function watchServices(all: Service[], steps: Steps, teardown: Teardown, finish: (code: number) => Promise<never>) {
  setInterval(() => {
    const dead = teardown.stopping ? undefined : all.find((service) => !service.alive());
    if (!dead) return;
    const log = dead.log ? `Its last words:\n\n${lastLinesOf(dead.log)}\n` : '';
    steps.complain(`\nThe ${dead.source} has died. ${log}\nStopping everything; start again with: npm start`);
    void finish(1);
  }, WATCH_MS).unref();
}

async function startProduct(data: DataDir, env: NodeJS.ProcessEnv, url: string, steps: Steps, teardown: Teardown) {
  let apiIsUp = false;
  const workers = new AppProcess(data, steps, {
    name: 'workers',
    script: program('workers', 'main.js'),
    execArgv: WORKER_FLAGS,
    env,
    // They serve nothing to ask at: what counts is that they still run once the API is up.
    ready: async () => apiIsUp,
  });
  const api = new AppProcess(data, steps, {
    name: 'api',
    script: program('server', 'main.js'),
    env,
    ready: async () => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).ok,
  });
  await teardown.add('product', { label: 'the workers', stop: (impatient) => workers.stop(impatient) });
  await teardown.add('product', { label: 'the API', stop: (impatient) => api.stop(impatient) });
  await steps.step('API and workers', async () => {
    const started = api.start().finally(() => {
      apiIsUp = true;
    });
    await together(started, workers.start());
  });
}

function summarise(steps: Steps, config: Config, data: DataDir, mailboxUrl?: string, stripeUrl?: string) {
  const rows: [string, string | undefined][] = [
    ['Dashboard', `${config.publicUrl}/admin/`],
    ['Portal', `${config.publicUrl}/`],
    ['Mailbox', mailboxUrl],
    ['Stripe stand-in', stripeUrl],
    ['Data and logs', data.path],
  ];
  steps.note('\nTenantry is running.\n');
  for (const [name, value] of rows) if (value) steps.note(`  ${name.padEnd(16)} ${value}`);
  if (config.seed === 'demo') {
    steps.note('\n  Sign in to the dashboard as admin@example.com, support@example.com or viewer@example.com,');
    steps.note('  password tenantry-demo');
  }
  steps.note('\nCtrl-C stops everything; nothing is lost.\n');
}

/** `npm start`: brings up everything the product needs, then the product, and keeps it up until told to stop. */
export async function main(steps: Steps): Promise<void> {
  const data = openDataDir(process.env.TENANTRY_DATA?.trim() || '.data');
  const asked = withDefaults(process.env);
  const given = withSecrets(asked, data);
  const config = checkSettings(given);
  const url = localUrl(config);
  const lock = await takeLock(data.at('run', 'launcher.lock'), `Tenantry at ${config.publicUrl}`);
  const teardown = new Teardown(steps);
  const finish = async (code: number): Promise<never> => {
    lock.announceStop();
    await teardown.stop();
    lock.release();
    process.exit(code);
  };
  stopOnSignal(steps, teardown, () => finish(0));
  try {
    await endLeftovers(data);
    await requirePort(config.port, config.host);
    const web = buildWebPages(steps);
    web.catch(() => undefined);
    const [[database, redis], [mailbox, stripeUrl]] = await together(
      services(data, given, steps, teardown),
      standIns(data, asked, config, steps, teardown),
    );
    const env: NodeJS.ProcessEnv = {
      ...given,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      ...(mailbox ? { SMTP_URL: mailbox.smtpUrl } : {}),
      ...(stripeUrl ? { STRIPE_API_BASE: stripeUrl } : {}),
    };
    await runProgram(steps, 'Migrating', 'Schema is current', program('server', 'cli', 'migrate.js'), env);
    if (config.seed === 'demo') {
      await runProgram(steps, 'Seeding the demo', 'Demo data is there', program('dev', 'seed', 'main.js'), env);
    }
    await web;
    await startProduct(data, env, url, steps, teardown);
    if (teardown.stopping) return;
    watchServices([database, redis], steps, teardown, finish);
    summarise(steps, config, data, mailbox?.webUrl, stripeUrl);
  } catch (error) {
    if (teardown.stopping) return;
    steps.complain(`\n${error instanceof LaunchFault ? error.message : (error as Error).stack}\n`);
    await finish(1);
  }
}
