import type { Actor } from '../audit/actor';

/** Who or what a change of billing goes back to; ends in the plan history and the audit log. */
export interface Cause {
  actor: Actor;
  eventId?: string | null;
  runId?: string | null;
  /** How a change was found that no webhook told of. */
  missed?: 'sweep' | 'catch-up';
}

/** The cause of what Stripe's events bring about. */
export const stripeCause: Cause = { actor: { type: 'stripe', id: null, name: 'Stripe' } };
