import { MoreThan } from 'typeorm';
import { HASTE_MS, openerOf } from '../../domain/opening';
import type { Context } from '../context';
import { newId } from '../db/id';
import { inTransaction } from '../db/transaction';
import { sha256 } from '../secrets';
import { InvitationOpening } from './invitation-opening.entity';
import { InvitationToken } from './invitation-token.entity';

/** So many are kept of each invitation, the newest. */
const KEPT = 50;

async function note({ db, now }: Context, token: string, agent: string | undefined): Promise<void> {
  const { scanner, name } = openerOf(agent);
  const at = now();
  await inTransaction(db, async (tx) => {
    // The lock makes openings of one link queue up: of several at once, each sees those before it.
    const known = await tx.findOne(InvitationToken, {
      where: { tokenHash: sha256(token) },
      lock: { mode: 'pessimistic_write' },
    });
    if (!known) return;
    const { invitationId } = known;
    const kind = scanner ? 'scanned' : 'opened';
    await tx.insert(InvitationOpening, { id: newId('opn'), invitationId, kind, agent: name, at });
    const lately = { invitationId, at: MoreThan(new Date(+at - HASTE_MS)) };
    if ((await tx.countBy(InvitationOpening, lately)) > 1) {
      await tx.update(InvitationOpening, lately, { kind: 'scanned' });
    }
    const old = await tx.find(InvitationOpening, {
      where: { invitationId },
      order: { at: 'DESC', id: 'DESC' },
      skip: KEPT,
      take: KEPT,
    });
    if (old.length > 0)
      await tx.delete(
        InvitationOpening,
        old.map((one) => one.id),
      );
  });
}

/** Notes that the page of a link was opened. Never in the way of the page: what goes wrong is logged. */
export const noteOpening = (context: Context, token: string, agent: string | undefined): Promise<void> =>
  note(context, token, agent).catch((error: unknown) => {
    context.log.warn({ err: error }, 'an opening of an invitation was not noted');
  });
