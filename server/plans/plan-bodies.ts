import { z } from 'zod';
import { PLAN_KINDS } from '../../domain/plan';
import { versionField } from '../http/operator-api';

const fields = {
  name: z.string('is required.').trim().min(1, 'is required.').max(80),
  description: z
    .string()
    .trim()
    .max(500)
    .nullish()
    .transform((value) => value ?? ''),
  kind: z.enum(PLAN_KINDS, `must be one of ${PLAN_KINDS.join(', ')}.`),
  active: z.boolean(),
  isDefault: z.boolean(),
  rank: z.number('must be a whole number.').int('must be a whole number.').min(0).max(1_000_000),
  features: z
    .array(z.string().trim().min(1).max(200))
    .max(50)
    .nullish()
    .transform((value) => value ?? []),
  priceText: z
    .string()
    .trim()
    .max(80)
    .nullish()
    .transform((value) => value ?? ''),
  stripePriceIds: z
    .array(z.string().regex(/^[\w-]{3,64}$/, 'must be ids of Stripe prices, such as price_1Abc.'))
    .max(50)
    .nullish()
    .transform((value) => value ?? []),
  stripeLookupKey: z
    .string()
    .trim()
    .max(200)
    .nullish()
    .transform((value) => value || null),
  limits: z
    .object({ seats: z.number().int().min(1, 'must be at least 1; leave it out for unlimited.').nullish() })
    .nullish()
    .transform((value) => value ?? {}),
  seatsFromQuantity: z.boolean(),
  trialDays: z.number().int().min(0).max(730),
};
/** What must be typed where tenants would be lowered. */
const confirm = z.string().max(80).nullish();

export const PlanBody = z.object({ ...fields, ...versionField, confirm }).partial();
export const NewPlanBody = PlanBody.extend({
  id: z
    .string('is required.')
    .regex(/^[a-z0-9][a-z0-9-]{0,38}$/, 'must be a short word of small letters, digits and dashes, such as starter.'),
  name: fields.name,
  kind: fields.kind,
  rank: fields.rank,
});
/** What a request gives of a plan; what it leaves out stays. */
export type GivenPlan = Omit<z.infer<typeof PlanBody>, 'version' | 'confirm'>;

export const RetireBody = z.object({
  successorPlanId: z
    .string()
    .nullish()
    .transform((value) => value || null),
  confirm,
  ...versionField,
});
