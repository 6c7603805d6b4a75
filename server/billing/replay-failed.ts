import { And, type FindOptionsWhere, In, LessThanOrEqual, MoreThanOrEqual } from 'typeorm';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { replayEvent } from './replay-event';
import { StripeEvent } from './stripe-event.entity';

/** So many at once; whoever has more asks again. */
export const MOST_REPLAYED = 1000;
/** In one transaction: few enough that no lock is held for long. */
const BATCH = 100;

/** Which of the failed events are meant: all that is named must fit. */
export interface FailedEvents {
  type?: string | null | undefined;
  customerId?: string | null | undefined;
  source?: StripeEvent['source'] | null | undefined;
  receivedFrom?: Date | null | undefined;
  receivedTo?: Date | null | undefined;
}

function whereOf({ config }: Context, given: FailedEvents): FindOptionsWhere<StripeEvent> {
  const { type, customerId, source, receivedFrom, receivedTo } = given;
  const times = [
    ...(receivedFrom ? [MoreThanOrEqual(receivedFrom)] : []),
    ...(receivedTo ? [LessThanOrEqual(receivedTo)] : []),
  ];
  return {
    status: 'failed',
    livemode: config.stripe.livemode,
    ...(type ? { type } : {}),
    ...(customerId ? { customerId } : {}),
    ...(source ? { source } : {}),
    ...(times.length > 0 ? { receivedAt: And(...times) } : {}),
  };
}

/**
 * Replays the events that failed for good, the oldest first, in batches: what was done stays done where it is cut off.
 * Gives how many, and how many are left.
 */
export async function replayFailed(
  context: Context,
  actor: Actor,
  given: FailedEvents,
): Promise<{ replayed: number; left: number }> {
  const { db } = context;
  const where = whereOf(context, given);
  const failed = await db.getRepository(StripeEvent).find({
    select: { id: true },
    where,
    order: { receivedAt: 'ASC', id: 'ASC' },
    take: MOST_REPLAYED,
  });
  let replayed = 0;
  for (let at = 0; at < failed.length; at += BATCH) {
    const ids = failed.slice(at, at + BATCH).map(({ id }) => id);
    replayed += await inTransaction(db, async (tx) => {
      const still = await tx.find(StripeEvent, {
        select: { id: true, customerId: true },
        where: { id: In(ids), status: 'failed' },
        order: { id: 'ASC' },
      });
      const named = still.filter(({ customerId }) => customerId !== null);
      for (const { id } of named) await replayEvent(tx, context, actor, id);
      return named.length;
    });
  }
  return { replayed, left: await db.getRepository(StripeEvent).countBy(where) };
}
