import { z } from 'zod';

const moment = (message: string) =>
  z.iso.datetime({ offset: true, error: message }).transform((value) => new Date(value));
const WHY = 'Say why, in a few words: it goes into the audit trail.';
const reason = z.string(WHY).trim().min(3, WHY).max(500);
const subscriptionId = z
  .string()
  .regex(/^sub_[A-Za-z0-9_]{1,60}$/, 'must be the id of a Stripe subscription, such as sub_1MowQVLkdIwHu7ix.')
  .nullish();
const planId = z.string('Choose a plan.');
const stripeCustomerId = z.string().regex(/^cus_[A-Za-z0-9_]{1,60}$/, 'must be the id of a Stripe customer.');

const overrideId = z.string('Say which override.');
const untilWhen = moment('Say until when: an ISO 8601 time.');

export const BuyLinkBody = z.object({ planId });
export const ChangePlanBody = z.object({
  planId,
  subscriptionId,
  reason,
  /** As a preview told it: then exactly what it showed is charged. */
  prorationDate: moment('must be an ISO 8601 time.').nullish(),
});
export const CancelBody = z.object({
  subscriptionId,
  at: z.enum(['now', 'period-end'], 'Choose when: now or period-end.'),
  reason,
});
export const ResumeBody = z.object({ subscriptionId, reason: reason.nullish() });
export const ExtendTrialBody = z.object({
  subscriptionId,
  until: untilWhen,
  reason,
  startTrial: z.boolean().default(false),
});

/** An action as its own address takes it, without the reason: nothing is done. */
export const PreviewBody = z.discriminatedUnion('action', [
  BuyLinkBody.extend({ action: z.literal('buy-link') }),
  ChangePlanBody.omit({ reason: true, prorationDate: true }).extend({ action: z.literal('change-plan') }),
  CancelBody.omit({ reason: true }).extend({ action: z.literal('cancel-subscription') }),
  ResumeBody.omit({ reason: true }).extend({ action: z.literal('resume-subscription') }),
  ExtendTrialBody.omit({ reason: true }).extend({ action: z.literal('extend-trial') }),
  z.object({ action: z.literal('link-customer'), stripeCustomerId }),
  z.object({ action: z.literal('unlink-customer'), stripeCustomerId }),
  z.object({
    action: z.literal('grant-override'),
    planId,
    pin: z.boolean().default(false),
    startsAt: moment('must be an ISO 8601 time.').nullish(),
    endsAt: untilWhen,
  }),
  z.object({ action: z.literal('extend-override'), overrideId, endsAt: untilWhen }),
  z.object({ action: z.literal('end-override'), overrideId }),
  z.object({ action: z.literal('delete'), cancel: z.enum(['now', 'period-end']).default('period-end') }),
]);
export type Previewed = z.output<typeof PreviewBody>;
