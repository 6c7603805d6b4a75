import { setTimeout as sleep } from 'node:timers/promises';
import { catchUp } from '../../server/billing/catch-up';
import { decideDueTenants } from '../../server/billing/decide-due';
import { noteEndings } from '../../server/billing/overrides/note-endings';
import { readState } from '../../server/billing/stripe-state';
import { inTransaction } from '../../server/db/transaction';
import { wakeRelay } from '../../server/jobs/queues';
import { driveRun } from '../../server/reconcile/drive-run';
import { stripeOf } from '../../server/stripe/client';
import type { Lane } from './lane';

/** Long enough for what is slow by itself (the SDK's own pauses after an error); a job that needs more is stuck. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 15;
/** What died with a worker or a connection may hold its lease; after so long without an end a minute passes. */
const STUCK_MS = 700;

const PUT_OFF_IS_DUE = `UPDATE outbox SET dueAt = UTC_TIMESTAMP(3)
  WHERE status = 'open' AND lastError IS NOT NULL AND dueAt > UTC_TIMESTAMP(3)`;

interface Open {
  id: string;
  kind: string;
  subject: string;
  attempts: number;
  lastError: string | null;
}

const openRows = (lane: Lane): Promise<Open[]> =>
  lane.db.query("SELECT id, kind, subject, attempts, lastError FROM outbox WHERE status = 'open'");

/** Waits until no work is owed any more. What was put off is due at once, for a test has no minutes to wait. */
async function workDone(lane: Lane): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  let minuteAt = Date.now() + STUCK_MS;
  for (let open = await openRows(lane); open.length > 0; open = await openRows(lane)) {
    if (Date.now() > end) throw new Error(`Work is owed and nobody does it: ${JSON.stringify(open)}`);
    await inTransaction(lane.db, (tx) => tx.query(PUT_OFF_IS_DUE));
    if (lane.troubled && Date.now() > minuteAt) {
      await lane.passMinute();
      minuteAt = Date.now() + STUCK_MS;
    }
    await wakeRelay(lane.redis);
    await sleep(LOOK_MS);
  }
}

/** A lease is let go of just after the work's own transaction; what died holds it until it runs out. */
async function leasesFree(lane: Lane): Promise<void> {
  const held = () =>
    lane.db.query('SELECT name FROM leases WHERE holder IS NOT NULL AND expiresAt > UTC_TIMESTAMP(3) LIMIT 1');
  for (const end = Date.now() + STUCK_MS; Date.now() < end; await sleep(LOOK_MS))
    if ((await held()).length === 0) return;
  if (lane.troubled) await lane.passMinute();
}

/**
 * Catches up to this moment. A worker that is at it just now goes only up to what is some seconds old, so that webhooks
 * may bring the rest: then ours found the lease held, did nothing, and is called again.
 */
async function caughtUp(lane: Lane): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const from = Math.floor(lane.now() / 1000);
    await catchUp(lane.context, stripeOf(lane.context.config));
    if (((await readState(lane.db, 'catch-up'))?.lastCreated ?? 0) >= from) return;
    if (Date.now() > end) throw new Error('The event list can not be read to its end.');
    if (lane.troubled) await leasesFree(lane);
    await sleep(LOOK_MS);
  }
}

/** Ends the run that is under way, whoever began it. */
async function runDone(lane: Lane): Promise<void> {
  const running = (): Promise<{ id: string; error: string | null }[]> =>
    lane.db.query('SELECT id, error FROM reconcile_runs WHERE active = 1');
  const end = Date.now() + PATIENCE_MS;
  for (let runs = await running(); runs.length > 0; runs = await running()) {
    if (Date.now() > end) throw new Error(`A run does not end: ${JSON.stringify(runs)}`);
    const driven = await driveRun(lane.context, stripeOf(lane.context.config));
    if (!driven && lane.troubled) await lane.passMinute();
    await sleep(LOOK_MS);
  }
}

/** Tenants whose time has come are decided and ends that are near are told of, as the workers' sweep does by the clock. */
async function timeDone(lane: Lane): Promise<void> {
  const due = (): Promise<{ id: string }[]> => {
    const now = new Date(lane.now());
    const late = 'SELECT id FROM tenants WHERE nextDecisionAt <= ? UNION SELECT id FROM overrides WHERE noteDueAt <= ?';
    return lane.db.query(late, [now, now]);
  };
  const end = Date.now() + PATIENCE_MS;
  for (let late = await due(); late.length > 0; late = await due()) {
    if (Date.now() > end) throw new Error(`What the clock asks for stays undone: ${JSON.stringify(late)}`);
    await decideDueTenants(lane.context);
    await noteEndings(lane.context);
    await sleep(LOOK_MS);
  }
}

/** Lets everything come to rest: no trouble any more, every delivery brought, what was dropped found, all work done. */
export async function settle(lane: Lane): Promise<void> {
  await lane.calm();
  await lane.bringBack();
  do {
    await lane.postman.bring('prompt');
    await lane.postman.bringLate();
    await leasesFree(lane);
    await caughtUp(lane);
    await runDone(lane);
    await workDone(lane);
    await timeDone(lane);
  } while (lane.postman.owes || (await openRows(lane)).length > 0);
  await leasesFree(lane);
}
