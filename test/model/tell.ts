import { systemActor } from '../../server/audit/actor';
import { inTransaction } from '../../server/db/transaction';
import { createTenant } from '../../server/tenants/create-tenant';
import { ACTS, type Telling } from './acts';
import type { Act, History } from './commands';
import type { Lane } from './lane';
import { Ledger } from './ledger';
import { settle } from './settle';
import { requireTruths } from './truths';

const aTenant = (lane: Lane, name: string): Promise<string> =>
  inTransaction(lane.db, async (tx) => (await createTenant(tx, lane.context, systemActor, { name })).id);

/** Comes to rest, and compares everything. */
async function rest(telling: Telling): Promise<void> {
  const { lane, ledger } = telling;
  await settle(lane);
  await requireTruths(telling);
  ledger.noteQuiet(lane.stripe.state, lane.now());
}

async function perform(telling: Telling, act: Act): Promise<void> {
  if (act.do === 'settle') return rest(telling);
  const doing = ACTS[act.do] as (telling: Telling, act: Act) => unknown;
  await doing(telling, act);
}

/** Tells one history in an empty lane. @throws Error where anything is untrue when all is quiet, in the middle or at the end */
export async function tell(lane: Lane, history: History): Promise<void> {
  await lane.begin(history);
  try {
    const tenantIds = [await aTenant(lane, 'One'), await aTenant(lane, 'Two')];
    const telling = { lane, ledger: new Ledger(tenantIds, lane.context.config.pastDueGraceDays) };
    for (const { act, mail } of history.steps) {
      await perform(telling, act);
      telling.ledger.watch(lane.stripe.state);
      await lane.postman.bring(mail);
    }
    await rest(telling);
  } finally {
    await lane.end();
  }
}
