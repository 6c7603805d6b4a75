import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WORKER_FLAGS } from '../../dev/launch/worker-flags';
import { bench, quantile } from './support';
import { startListServer } from './sweep-world';

const COUNT = 200_000;
const LIMIT_MB = 300;
/** What garbage that waits to be collected makes of a flat line. */
const GROWTH_MB = 30;

interface Sample {
  share: number;
  mb: number;
}

void bench(async (report) => {
  const server = await startListServer(COUNT, { account: 'ended' });
  const child = fork(join(__dirname, 'sweep-process.js'), {
    env: { ...process.env, COUNT: String(COUNT), LIST_URL: server.url },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: WORKER_FLAGS,
  });
  const samples: Sample[] = [];
  child.on('message', (sample: Sample) => samples.push(sample));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`The sweeping process ended with ${code}.`);
  const between = (from: number, to: number): number[] =>
    samples.filter(({ share }) => share >= from && share < to).map(({ mb }) => mb);
  const median = (from: number, to: number): number => quantile(between(from, to), 0.5);
  console.log(`resident before the sweep: ${Math.round(samples[0]!.mb)} MB`);
  report.atMost(
    `Memory of a sweep of ${COUNT.toLocaleString('en-US')}, peak`,
    Math.max(...between(0, 2)),
    LIMIT_MB,
    'MB',
  );
  report.atMost('  growth over its second half', median(0.85, 2) - median(0.5, 0.65), GROWTH_MB, 'MB');
  server.stop();
});
