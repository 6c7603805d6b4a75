import type Stripe from 'stripe';
import { z } from 'zod';
import { clearable, clearableText, expand, flag, integer, metadata, oneOf, text, timestamp } from '../params/fields';

/** Parameters that making and changing a subscription have in common. */

export const cancelAt = z.union([timestamp, oneOf(['min_period_end', 'max_period_end'])]);
export const paymentBehavior = oneOf([
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
]);
export const prorationBehavior = oneOf(['always_invoice', 'create_prorations', 'none']);
export const trialEnd = z.union([oneOf(['now']), timestamp]);

const trialSettings = z.strictObject({
  end_behavior: z.strictObject({ missing_payment_method: oneOf(['cancel', 'create_invoice', 'pause']) }),
});

export const shared = {
  ...expand,
  cancel_at_period_end: flag.optional(),
  collection_method: oneOf(['charge_automatically', 'send_invoice']).optional(),
  days_until_due: integer.optional(),
  default_payment_method: text.optional(),
  description: clearableText.optional(),
  metadata: metadata.optional(),
  off_session: flag.optional(),
  payment_behavior: paymentBehavior.optional(),
  payment_settings: z
    .strictObject({ save_default_payment_method: oneOf(['off', 'on_subscription']).optional() })
    .optional(),
  proration_behavior: prorationBehavior.optional(),
  trial_end: trialEnd.optional(),
  trial_settings: trialSettings.optional(),
};

export const itemChange = z.strictObject({
  id: text.optional(),
  price: text.optional(),
  quantity: integer.optional(),
  deleted: flag.optional(),
  metadata: metadata.optional(),
});

export const updateParams = {
  ...shared,
  billing_cycle_anchor: oneOf(['now', 'unchanged']).optional(),
  cancel_at: clearable(cancelAt).optional(),
  cancellation_details: z
    .strictObject({
      comment: clearableText.optional(),
      feedback: clearable(
        oneOf([
          'customer_service',
          'low_quality',
          'missing_features',
          'other',
          'switched_service',
          'too_complex',
          'too_expensive',
          'unused',
        ]),
      ).optional(),
    })
    .optional(),
  items: z.array(itemChange).optional(),
  pause_collection: clearable(
    z.strictObject({
      behavior: oneOf(['keep_as_draft', 'mark_uncollectible', 'void']),
      resumes_at: timestamp.optional(),
    }),
  ).optional(),
  proration_date: timestamp.optional(),
};

const updateSchema = z.strictObject(updateParams);
export type UpdateParams = z.output<typeof updateSchema>;

/** What Stripe takes together with `payment_behavior=pending_if_incomplete`; anything else is refused. */
export const PENDING_SUPPORTS: readonly string[] = [
  'billing_cycle_anchor',
  'expand',
  'items',
  'off_session',
  'payment_behavior',
  'proration_behavior',
  'proration_date',
  'trial_end',
];

/** The trial settings as the object shows them. */
export const asTrialSettings = (settings: z.output<typeof trialSettings>): Stripe.Subscription.TrialSettings => ({
  end_behavior: {
    billing_cycle_anchor: null,
    missing_payment_method: settings.end_behavior.missing_payment_method,
  },
});
