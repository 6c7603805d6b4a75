import type { Context } from '../context';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { OutboxRow } from '../jobs/outbox.entity';

const OLD_MS = 5 * 60_000;
const BATCH = 1000;

/**
 * Owes a sync to every customer who has waiting events and no open job: one that died between giving up and saying so
 * leaves such. Gives how many customers there were.
 */
export async function oweForgottenEvents({ db, now }: Context): Promise<number> {
  return inTransaction(db, async (tx) => {
    const customers: { customerId: string }[] = await tx.query(
      `SELECT DISTINCT e.customerId FROM stripe_events e
       WHERE e.status = 'received' AND e.receivedAt < ? AND e.customerId IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM outbox o WHERE o.kind = 'sync-customer' AND o.subject = e.customerId AND o.status = 'open'
       ) LIMIT ${BATCH}`,
      [new Date(now().getTime() - OLD_MS)],
    );
    const dueAt = new Date();
    await insertMany(
      tx,
      OutboxRow,
      customers.map(({ customerId }) => ({ id: newId('obx'), kind: 'sync-customer', subject: customerId, dueAt })),
    );
    return customers.length;
  });
}
