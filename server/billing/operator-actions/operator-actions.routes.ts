import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Permission } from '../../../domain/permissions';
import type { Context } from '../../context';
import { type OperatorRoute, operatorRoute, presentOne } from '../../http/operator-api';
import { stripeOf } from '../../stripe/client';
import type { Tenant } from '../../tenants/tenant.entity';
import { tenantsListing } from '../../tenants/tenants.listing';
import { BuyLinkBody, CancelBody, ChangePlanBody, ExtendTrialBody, PreviewBody, ResumeBody } from './bodies';
import { openBuyLink } from './buy-link';
import { changeSubscription, type SubscriptionChange } from './change-at-stripe';
import { cancellation, planSwap, resumption, trialExtension } from './changes';
import { chooseSubscription, requireTenant } from './choose-subscription';
import { previewAction } from './preview';
import { searchCustomers } from './search-customers';

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
      method: 'get',
      path: '/stripe-customers',
      access: 'tenants:link-customer',
      summary: "Search Stripe's customers by ?q=, an id, a name, an address or a tenant id; a suggestion, no more",
      handle: async ({ query }) => ({ results: await searchCustomers(context, stripeOf(context.config), query.q) }),
    }),
    operatorRoute({
      method: 'post',
      path: '/tenants/:id/preview',
      access: 'tenants:preview',
      summary: 'Tell what an action would lead to, and do nothing',
      body: PreviewBody,
      handle: ({ params, body }) => previewAction(context, stripeOf(context.config), params.id!, body),
    }),
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
