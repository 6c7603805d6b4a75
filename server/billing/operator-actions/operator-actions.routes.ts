import type Stripe from 'stripe';
import { z } from 'zod';
import type { Permission } from '../../../domain/permissions';
import type { Context } from '../../context';
import { type OperatorRoute, operatorRoute, presentOne } from '../../http/operator-api';
import { stripeOf } from '../../stripe/client';
import type { Tenant } from '../../tenants/tenant.entity';
import { tenantsListing } from '../../tenants/tenants.listing';
import { openBuyLink } from './buy-link';
import { changeSubscription, type SubscriptionChange } from './change-at-stripe';
import { cancellation, planSwap, resumption, trialExtension } from './changes';
import { chooseSubscription, requireTenant } from './choose-subscription';

const moment = (message: string) =>
  z.iso.datetime({ offset: true, error: message }).transform((value) => new Date(value));
const reason = z
  .string('Say why, in a few words: it goes into the audit trail.')
  .trim()
  .min(3, 'Say why, in a few words: it goes into the audit trail.')
  .max(500);
const subscriptionId = z
  .string()
  .regex(/^sub_[A-Za-z0-9_]{1,60}$/, 'must be the id of a Stripe subscription, such as sub_1MowQVLkdIwHu7ix.')
  .nullish();
const planId = z.string('Choose a plan.');

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
  until: moment('Say until when: an ISO 8601 time.'),
  reason,
  startTrial: z.boolean().default(false),
});

/** What operators do about a tenant's subscriptions at Stripe. */
export function operatorActionRoutes(context: Context): OperatorRoute[] {
  const verb = <Body extends { subscriptionId?: string | null | undefined }>(
    name: string,
    summary: string,
    body: z.ZodType<Body>,
    changeOf: (body: Body, stripe: Stripe, tenant: Tenant) => SubscriptionChange | Promise<SubscriptionChange>,
  ) =>
    operatorRoute({
      method: 'post',
      path: `/tenants/:id/${name}`,
      access: `tenants:${name}` as Permission,
      summary,
      body,
      async handle({ params, body: given, caller: { actor } }) {
        const stripe = stripeOf(context.config);
        const evenDeleted = name === 'cancel-subscription' ? { evenDeleted: true as const } : {};
        const tenant = await requireTenant(context, params.id!, evenDeleted);
        const wanted = await changeOf(given, stripe, tenant);
        const subscription = await chooseSubscription(context, stripe, tenant, given.subscriptionId);
        await changeSubscription(context, stripe, { actor, tenantId: tenant.id }, subscription, wanted);
        return presentOne(context, tenantsListing, tenant.id);
      },
    });
  return [
    operatorRoute({
      method: 'post',
      path: '/tenants/:id/buy-link',
      access: 'tenants:buy-link',
      summary: 'Open a checkout for a paid plan, to send to whoever pays',
      body: BuyLinkBody,
      handle: ({ params, body, caller }) =>
        openBuyLink(context, stripeOf(context.config), caller.actor, params.id!, body.planId),
    }),
    verb(
      'change-plan',
      'Swap the price of a subscription; the difference is charged at once',
      ChangePlanBody,
      (body, stripe, tenant) => planSwap(context, stripe, tenant, body),
    ),
    verb('cancel-subscription', 'End a subscription, now or with its period', CancelBody, ({ at, reason: why }) =>
      cancellation(at, why),
    ),
    verb('resume-subscription', 'Take back a cancellation that has not taken effect', ResumeBody, (body) =>
      resumption(body.reason ?? null),
    ),
    verb('extend-trial', 'Give free time until a day', ExtendTrialBody, (body) => trialExtension(context, body)),
  ];
}
