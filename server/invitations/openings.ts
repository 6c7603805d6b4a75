import { MoreThan } from 'typeorm';
import { HASTE_MS, openerOf } from '../../domain/opening';
import type { Context } from '../context';
import { newId } from '../db/id';
import { sha256 } from '../secrets';
import { InvitationOpening } from './invitation-opening.entity';
import { InvitationToken } from './invitation-token.entity';

/** So many are kept of each invitation, the newest. */
const KEPT = 50;

async function note({ db, now }: Context, token: string, agent: string | undefined): Promise<void> {
  const known = await db.getRepository(InvitationToken).findOneBy({ tokenHash: sha256(token) });
  if (!known) return;
  const { invitationId } = known;
  const openings = db.getRepository(InvitationOpening);
  const { scanner, name } = openerOf(agent);
  const at = now();
  const id = newId('opn');
  await openings.insert({ id, invitationId, kind: scanner ? 'scanned' : 'opened', agent: name, at });
  const lately = { invitationId, at: MoreThan(new Date(+at - HASTE_MS)) };
  if ((await openings.countBy(lately)) > 1) await openings.update(lately, { kind: 'scanned' });
  const old = await openings.find({
    where: { invitationId },
    order: { at: 'DESC', id: 'DESC' },
    skip: KEPT,
    take: KEPT,
  });
  if (old.length > 0) await openings.delete(old.map((one) => one.id));
}

/** Notes that the page of a link was opened. Never in the way of the page: what goes wrong is logged. */
export const noteOpening = (context: Context, token: string, agent: string | undefined): Promise<void> =>
  note(context, token, agent).catch((error: unknown) => {
    context.log.warn({ err: error }, 'an opening of an invitation was not noted');
  });
