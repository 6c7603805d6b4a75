import { DAY_MS } from './moment';

/** For how long a proof that a tenant equals Stripe is good. */
export const PROOF_MS = DAY_MS;

/**
 * How a tenant stands to Stripe: `proven` equal within the last 24 hours, `outdated` where the proof is older, `differs`
 * where a sweep knows that it is not equal, `unproven` where nobody ever looked.
 */
export type Verification = 'proven' | 'outdated' | 'differs' | 'unproven';

interface Verified {
  lastVerifiedAt: Date | null;
  differsSince: Date | null;
}

/** What is known of one tenant's being equal to Stripe, as of `now`. */
export function verificationOf({ lastVerifiedAt, differsSince }: Verified, now: Date): Verification {
  if (differsSince) return 'differs';
  if (!lastVerifiedAt) return 'unproven';
  return +lastVerifiedAt >= +now - PROOF_MS ? 'proven' : 'outdated';
}

export interface Proof {
  tenants: number;
  /** Proven equal within the last 24 hours. */
  proven: number;
  /** Known to differ. */
  differing: number;
}

/**
 * Green only where every tenant is proven; red where one is known to differ, or where none is proven and nobody is at
 * it: while a sweep runs, the proofs of the one before run out.
 */
export function convergenceTone({
  tenants,
  proven,
  differing,
  sweeping,
}: Proof & { sweeping: boolean }): 'proven' | 'behind' | 'broken' {
  if (differing > 0 || (tenants > 0 && proven === 0 && !sweeping)) return 'broken';
  return proven < tenants ? 'behind' : 'proven';
}

/** The share in per cent with one decimal, rounded down: 100 is said of all alone. Null where there is nobody. */
export const provenPercent = ({ tenants, proven }: Pick<Proof, 'tenants' | 'proven'>): number | null =>
  tenants === 0 ? null : Math.floor((proven / tenants) * 1000) / 10;
