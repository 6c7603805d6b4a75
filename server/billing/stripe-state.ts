import type { DataSource, EntityManager } from 'typeorm';
import { StripeState } from './stripe-state.entity';

/** What is remembered of Stripe beyond single objects, by name. Times within are ISO 8601 unless said otherwise. */
export interface StripeStates {
  /**
   * Up to which `created` the event list was read, in seconds since 1970; and whether a sweep is still to be started
   * for what the list no longer held.
   */
  'catch-up': { lastCreated: number; sweepOwed?: boolean };
  /** Whether Stripe refuses our key: altogether, or (a restricted key) for one endpoint. */
  key: { refused: { at: string; message: string; endpoint?: string } | null };
  /** The last sweep of the whole account that ended with every tenant equal to Stripe, and when its listing began. */
  'whole-sweep': { runId: string; verifiedAt: string };
  /** Up to when payloads were erased. */
  purge: { upTo: string };
}

export async function readState<Name extends keyof StripeStates>(
  db: DataSource | EntityManager,
  name: Name,
): Promise<StripeStates[Name] | null> {
  const row = await db.getRepository(StripeState).findOneBy({ name });
  return row ? (row.value as StripeStates[Name]) : null;
}

export async function writeState<Name extends keyof StripeStates>(
  db: DataSource | EntityManager,
  name: Name,
  value: StripeStates[Name],
): Promise<void> {
  await db.query('INSERT INTO stripe_state (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
    name,
    JSON.stringify(value),
  ]);
}
