import { LessThanOrEqual } from 'typeorm';
import { workerActor } from '../audit/actor';
import { recordAudit } from '../audit/record';
import type { Context } from '../context';
import { inTransaction } from '../db/transaction';
import { withdrawEmails } from '../emails/queue-email';
import { Invitation } from './invitation.entity';

const BATCH = 50;
const actor = workerActor('clock');

/** Ends pending invitations whose time is over, in batches that skip what others hold. Gives how many. */
export async function expireInvitations({ db, now }: Context): Promise<number> {
  for (let expired = 0; ; ) {
    const batch = await inTransaction(db, async (tx) => {
      const due = await tx.find(Invitation, {
        where: { status: 'pending', expiresAt: LessThanOrEqual(now()) },
        order: { expiresAt: 'ASC' },
        take: BATCH,
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      for (const { id, tenantId } of due) {
        await tx.update(Invitation, { id }, { status: 'expired', pending: null });
        await withdrawEmails(tx, id);
        await recordAudit(tx, {
          actor,
          action: 'invitation.expire',
          resource: 'invitations',
          resourceId: id,
          tenantId,
          changes: { status: { from: 'pending', to: 'expired' } },
        });
      }
      return due.length;
    });
    expired += batch;
    if (batch < BATCH) return expired;
  }
}
