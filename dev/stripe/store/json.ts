import Stripe from 'stripe';

/** Stripe sends `unit_amount_decimal` and its kin as strings; the SDK's types (and our state) hold decimals. */
function reviveDecimals(key: string, value: unknown): unknown {
  return key.endsWith('_decimal') && typeof value === 'string' ? Stripe.Decimal.from(value) : value;
}

/** Reads JSON that holds Stripe objects. */
export const parseStripeJson = (text: string): unknown => JSON.parse(text, reviveDecimals);

/** A deep copy of a Stripe object, cut loose from later changes to the original. */
export const snapshot = <T>(value: T): T => JSON.parse(JSON.stringify(value), reviveDecimals) as T;

/** The id behind a field that may hold the id or the expanded object. */
export function idOf(reference: string | { id: string }): string;
export function idOf(reference: string | { id: string } | null | undefined): string | null;
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  if (reference === null || reference === undefined) return null;
  return typeof reference === 'string' ? reference : reference.id;
}
