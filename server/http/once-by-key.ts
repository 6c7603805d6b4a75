import { createHash } from 'node:crypto';
import { canonical } from '../audit/record';
import type { Context } from '../context';
import { isDuplicate } from '../db/transaction';
import { invalid, ProblemError } from '../errors';
import { IdempotencyKey } from './idempotency-key.entity';
import type { Call, Route } from './routes';

/** How long an answer is kept, in milliseconds. */
export const KEY_KEPT_MS = 86_400_000;
/** A request that takes longer was cut off: the next one may try. */
const CUT_OFF_MS = 60_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

type Row = Pick<IdempotencyKey, 'userId' | 'idempotencyKey' | 'fingerprint'>;

const inProgress = () =>
  new ProblemError({
    status: 409,
    code: 'idempotency_in_progress',
    title: 'Conflict',
    detail: 'A request with this Idempotency-Key is being worked on. Send it again in a moment.',
    retryAfterSeconds: 1,
  });
const reused = () =>
  new ProblemError({
    status: 422,
    code: 'idempotency_key_reused',
    title: 'Key used before',
    detail: 'This Idempotency-Key was used for another request. Take a new key for each new request.',
  });

/** Makes the request this one's to work on, or gives the row of the one that was answered already. */
async function claim({ db, now }: Context, row: Row): Promise<IdempotencyKey | null> {
  const keys = db.getRepository(IdempotencyKey);
  const { userId, idempotencyKey } = row;
  try {
    await keys.insert({ ...row, createdAt: now() });
    return null;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const known = await keys.findOneBy({ userId, idempotencyKey });
  if (!known) throw inProgress();
  if (known.fingerprint !== row.fingerprint) throw reused();
  const age = +now() - +known.createdAt;
  const answered = known.status !== null;
  if (answered && age < KEY_KEPT_MS) return known;
  if (!answered && age < CUT_OFF_MS) throw inProgress();
  const mine = { userId, idempotencyKey, createdAt: known.createdAt };
  const { affected } = await keys.update(mine, { status: null, answer: null, createdAt: now() });
  if (affected !== 1) throw inProgress();
  return null;
}

/**
 * A POST with the header `Idempotency-Key` is carried out once: whoever sends it again within a day gets the first
 * answer, with `Idempotency-Replayed: true`. What was refused left nothing behind, and is tried anew. As the IETF's
 * draft-ietf-httpapi-idempotency-key-header has it.
 * @throws ProblemError 400 for a bad key, 409 while the first is under way, 422 where the key was another request's
 */
export function onceByKey<Caller extends { user: { id: string } }, Access extends string>(
  context: Context,
  route: Route<Caller, Access>,
): Route<Caller, Access> {
  if (route.method !== 'post') return route;
  const keys = context.db.getRepository(IdempotencyKey);
  const handle = async (call: Call<Caller, unknown>): Promise<unknown> => {
    const { req, res, caller, body } = call;
    const idempotencyKey = req.get('idempotency-key');
    if (idempotencyKey === undefined) return route.handle(call);
    if (!KEY.test(idempotencyKey)) throw invalid({ 'Idempotency-Key': 'must be 1 to 255 visible ASCII characters.' });
    const told = `${req.method} ${req.originalUrl} ${canonical(body)}`;
    const fingerprint = createHash('sha256').update(told).digest('hex');
    const mine = { userId: caller.user.id, idempotencyKey };
    const known = await claim(context, { ...mine, fingerprint });
    if (known) {
      res.set('Idempotency-Replayed', 'true');
      return known.answer ?? undefined;
    }
    try {
      const answer = await route.handle(call);
      await keys.update(mine, { status: route.status ?? 200, answer: (answer ?? null) as object | null });
      return answer;
    } catch (error) {
      await keys.delete(mine).catch(() => undefined);
      throw error;
    }
  };
  return { ...route, handle };
}
