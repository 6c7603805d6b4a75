import type Stripe from 'stripe';
import { z } from 'zod';

/** The kinds of parameter that Stripe's endpoints take, as they come in a form: everything is text. */

export const text = z.string().min(1);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const integer = z
  .string()
  .regex(/^-?\d+$/, { error: 'integer' })
  .transform(Number);
export const count = integer.refine((value) => value >= 0, { error: 'not_negative' });
/** Seconds since 1970. */
export const timestamp = integer;
export const url = z.url({ protocol: /^https?$/, error: 'url' });

/** Text, or '' to unset it. */
export const clearableText = z.string().transform((value) => (value === '' ? null : value));
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values);
/** '' unsets the parameter. */
export const clearable = <T extends z.ZodType>(inner: T) => z.union([z.literal('').transform(() => null), inner]);

/** Key by key; an empty value unsets its key, '' in place of the whole unsets all. */
export const metadata = clearable(z.record(z.string().max(40), z.string().max(500)));

export const range = z.union([
  timestamp,
  z.strictObject({
    gt: timestamp.optional(),
    gte: timestamp.optional(),
    lt: timestamp.optional(),
    lte: timestamp.optional(),
  }),
]);
export type Range = z.infer<typeof range>;

/** Whether a time lies in a range parameter (an absent range holds every time). */
export function inRange(time: number, wanted: Range | undefined): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === 'number') return time === wanted;
  return (
    (wanted.gt === undefined || time > wanted.gt) &&
    (wanted.gte === undefined || time >= wanted.gte) &&
    (wanted.lt === undefined || time < wanted.lt) &&
    (wanted.lte === undefined || time <= wanted.lte)
  );
}

/** The first and the last second of a range. */
export function boundsOf(wanted: Range): { from: number; to: number } {
  if (typeof wanted === 'number') return { from: wanted, to: wanted };
  const { gt = Number.NEGATIVE_INFINITY, gte = gt, lt = Number.POSITIVE_INFINITY, lte = lt } = wanted;
  return { from: Math.max(gt + 1, gte), to: Math.min(lt - 1, lte) };
}

export const expand = { expand: z.array(text).optional() };

/** The cursor parameters that every list takes. */
export const paging = {
  ...expand,
  limit: integer.refine((value) => value >= 1 && value <= 100, { error: 'limit' }).default(10),
  starting_after: text.optional(),
  ending_before: text.optional(),
};

/** Stripe's rules for changing metadata: named keys change, empty ones go, the rest stays. */
export function mergeMetadata(
  before: Stripe.Metadata | null,
  change: z.infer<typeof metadata> | undefined,
): Stripe.Metadata {
  if (change === null) return {};
  const merged: Stripe.Metadata = { ...before, ...change };
  for (const [key, value] of Object.entries(merged)) if (value === '') delete merged[key];
  return merged;
}
