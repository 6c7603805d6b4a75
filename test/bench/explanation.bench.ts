import { systemActor } from '../../server/audit/actor';
import { decideTenant } from '../../server/billing/decide-tenant';
import { PlanDecisionRow } from '../../server/billing/explanation/plan-decision.entity';
import { PlanChange } from '../../server/billing/plan-change.entity';
import type { Context } from '../../server/context';
import { insertMany } from '../../server/db/bulk';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { aCustomer, aPlan, aSubscription, aTenant } from '../support/factories';
import { PASSWORD, startServer } from '../support/server';
import { anAsker } from './asker';
import { bench, quantile } from './support';

const CHANGES = 10_000;
const OTHERS = 40;
const CHANGES_OF_OTHERS = 1000;
/** Until the server runs compiled code, as it does from its first minute on. */
const WARM_UP = 3000;
const ROUNDS = 5;
const ROUND = 200;
const HOUR_MS = 3_600_000;
const LIMIT_MS = 5;
/** Chosen after measuring. */
const TIMES = 16;

/** A tenant that went to and fro between its base plan and a subscription, a change an hour, each decision kept. */
async function aHistory(context: Context, changes: number): Promise<string> {
  const { db, now } = context;
  const { id: tenantId } = await aTenant(context);
  const { id: customerId } = await aCustomer(context, { tenantId });
  await aSubscription(context, { customerId, priceId: 'price_starter' });
  await inTransaction(db, (tx) => decideTenant(tx, context, tenantId, { actor: systemActor }));
  const steps = await db.getRepository(PlanChange).find({ where: { tenantId }, order: { id: 'ASC' } });
  const rows = await db.getRepository(PlanDecisionRow).find({ where: { tenantId }, order: { id: 'ASC' } });
  const moments = Array.from({ length: changes - 2 }, (_, n) => new Date(+now() - (changes - n) * HOUR_MS));
  await inTransaction(db, async (tx) => {
    await tx.update(PlanChange, { id: steps[0]!.id }, { at: new Date(+moments[0]! - HOUR_MS) });
    await insertMany<PlanChange>(
      tx,
      PlanChange,
      moments.map((at, n) => ({ ...steps[(n + 1) % 2]!, id: newId('pch'), at })),
    );
    await insertMany<PlanDecisionRow>(
      tx,
      PlanDecisionRow,
      moments.map((at, n) => {
        const { id: _, ...row } = rows[(n + 1) % 2]!;
        return { ...row, at };
      }),
    );
  });
  return tenantId;
}

/** Asks about each of the moments, one after the other; gives how many milliseconds each took. */
type Ask = (moments: (Date | null)[]) => Promise<number[]>;

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** 95 of 100, of both in turns, so that the machine's moods meet both alike. */
async function sideBySide(ours: Ask, bare: Ask, moment: () => Date | null) {
  for (const ask of [ours, bare]) await ask(times(WARM_UP, moment));
  const all = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    all.ours.push(...(await ours(times(ROUND, moment))));
    all.bare.push(...(await bare(times(ROUND, moment))));
  }
  return { ours: quantile(all.ours, 0.95), bare: quantile(all.bare, 0.95) };
}

/** The rows that an answer is made of, read as bare as can be. */
function bareStatements({ db }: Context, tenantId: string): Ask {
  const last = (table: string) =>
    `SELECT * FROM ${table} FORCE INDEX (${table}_tenant) WHERE tenantId = ? AND at <= ? ORDER BY at DESC, id DESC LIMIT 1`;
  const read = (at: Date | null) =>
    Promise.all([
      db.query('SELECT * FROM tenants WHERE id = ?', [tenantId]),
      db.query(last('plan_decisions'), [tenantId, at ?? new Date()]),
      at
        ? db.query(last('plan_changes'), [tenantId, at])
        : db.query('SELECT * FROM subscriptions WHERE tenantId = ?', [tenantId]),
    ]);
  return async (moments) => {
    const took: number[] = [];
    for (const at of moments) {
      const begin = performance.now();
      await read(at);
      took.push(performance.now() - begin);
    }
    return took;
  };
}

void bench(async (report) => {
  const server = await startServer();
  const { context } = server;
  await aPlan(context, { id: 'starter', stripePriceIds: ['price_starter'] });
  for (let n = 0; n < OTHERS; n += 1) await aHistory(context, CHANGES_OF_OTHERS);
  const tenantId = await aHistory(context, CHANGES);
  await context.db.query('ANALYZE TABLE plan_decisions, plan_changes');
  const { email } = await server.signIn('viewer');
  const session = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const cookie = session.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const url = `${server.url}/api/tenants/${tenantId}/plan-explanation`;
  const urlOf = (at: Date | null) => (at ? `${url}?at=${at.toISOString()}` : url);
  const oldest = await fetch(urlOf(new Date(+context.now() - (CHANGES - 2) * HOUR_MS)), { headers: { cookie } });
  if (!((await oldest.json()) as { exact?: boolean }).exact) throw new Error('The oldest date is not known exactly.');
  const asker = anAsker();
  const ask: Ask = (moments) => asker.ask({ urls: moments.map(urlOf), cookie });
  const anyDate = () => new Date(+context.now() - Math.ceil(Math.random() * (CHANGES - 1) * HOUR_MS));
  for (const [what, moment] of [
    ['now', () => null],
    ['any date', anyDate],
  ] as const) {
    const { ours, bare } = await sideBySide(ask, bareStatements(context, tenantId), moment);
    report.atMost(`Explanation of 10,000 changes, ${what}, 95 of 100`, ours, LIMIT_MS, 'ms');
    report.atMost(`The same, to its rows by bare SQL (${bare.toFixed(1)} ms)`, ours / bare, TIMES, 'times');
  }
  await asker.close();
  await server.close();
});
