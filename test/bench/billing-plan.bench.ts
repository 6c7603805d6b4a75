import { systemActor } from '../../server/audit/actor';
import { applyRun } from '../../server/reconcile/change-run';
import { bareWrite } from './bare-write';
import { bench, type Report } from './support';
import { startListServer, sweepWorld } from './sweep-world';

const COUNT = 20_000;
const ROWS = 5000;
const TURNS = 3;
/** A dry run to the sweep that does the same and writes it. */
const DRY_LIMIT = 1.3;
/** Applying to bare writes of the same rows. It lists the account anew, and holds each row against what was planned. */
const APPLY_SHARE = 0.2;

/** Dry runs beside sweeps: of an account that nobody knows yet, and of one in which nothing has changed. */
async function dryRuns(report: Report): Promise<void> {
  const server = await startListServer(COUNT);
  const world = await sweepWorld(server.url, COUNT);
  const dry: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const { run, ms } = await world.sweep('dry-run');
    if (run.open !== COUNT) throw new Error(`Of ${COUNT} changes ${run.open} were planned.`);
    dry.push(ms);
  }
  const first = await world.sweep();
  const [unchanged, again]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn += 1) {
    unchanged.push((await world.sweep('dry-run')).ms);
    again.push((await world.sweep()).ms);
  }
  const [planned, nothing, sweep] = [dry, unchanged, again].map((times) => Math.min(...times)) as [
    number,
    number,
    number,
  ];
  console.log(`dry run ${Math.round(planned)} ms, first sweep ${Math.round(first.ms)} ms`);
  console.log(`nothing changed: dry run ${Math.round(nothing)} ms, sweep ${Math.round(sweep)} ms`);
  report.atMost('Dry run of 20,000 changes, to the sweep', planned / first.ms, DRY_LIMIT, 'times');
  report.atMost('Dry run, nothing changed, to the sweep', nothing / sweep, DRY_LIMIT, 'times');
  await world.close();
  server.stop();
}

/** What a dry run planned is applied, against writing the same rows. */
async function applying(report: Report): Promise<void> {
  const server = await startListServer(ROWS);
  const world = await sweepWorld(server.url, ROWS);
  const { run } = await world.sweep('dry-run');
  await applyRun(world.context, systemActor, run.id);
  const { run: driven, ms } = await world.drive(run.id);
  if (driven.applied !== ROWS) throw new Error(`Of ${ROWS} rows ${driven.applied} were applied.`);
  const bare = await bareWrite(world.context);
  console.log(`apply ${Math.round(ms)} ms, bare write ${Math.round(bare)} ms`);
  report.atLeast('Rows of a plan applied', (ROWS * 1000) / ms, APPLY_SHARE, (ROWS * 1000) / bare, '/s');
  await world.close();
  server.stop();
}

void bench(async (report) => {
  await dryRuns(report);
  await applying(report);
});
