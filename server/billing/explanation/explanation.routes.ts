import { z } from 'zod';
import type { ExplainedLayer, Origin } from '../../../domain/explanation';
import { stripeUrl } from '../../../domain/stripe-url';
import type { Context } from '../../context';
import { type OperatorRoute, operatorRoute } from '../../http/operator-api';
import { parse } from '../../http/routes';
import { explainTenant, type TenantExplanation } from './explain-tenant';

const Query = z.object({
  at: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time with its zone, such as 2026-05-03T12:00:00Z.' })
    .transform((value) => new Date(value))
    .optional(),
});

const urlOf = (id: string | null, livemode: boolean): string | null => (id === null ? null : stripeUrl(id, livemode));

/** With where Stripe's own dashboard shows what is named. */
function present(
  { tenant, catalogue, answer, sentences, at, live, applied, since, decided }: TenantExplanation,
  livemode: boolean,
) {
  const planOf = (planId: string | null) => catalogue.find(({ id }) => id === planId);
  const origin = (one: Origin | null, mode = livemode) => one && { ...one, stripeUrl: urlOf(one.eventId, mode) };
  const layer = ({ livemode: own, ...one }: ExplainedLayer) => {
    const mode = own ?? livemode;
    return {
      ...one,
      livemode: own,
      planName: planOf(one.planId)?.name ?? one.planId,
      planKind: planOf(one.planId)?.kind ?? null,
      stripeUrl: one.layer === 'subscription' ? urlOf(one.id, mode) : null,
      customerUrl: urlOf(one.customerId, mode),
      origin: origin(one.origin, mode),
    };
  };
  return {
    tenantId: tenant.id,
    tenantName: tenant.name,
    at,
    live,
    applied,
    since,
    ...answer,
    planName: planOf(answer.planId)?.name ?? answer.planId,
    layers: answer.layers?.map(layer) ?? null,
    decided: origin(decided),
    sentences,
    text: sentences.join(' '),
  };
}

export const explanationRoutes = (context: Context): OperatorRoute[] => [
  operatorRoute({
    method: 'get',
    path: '/tenants/:id/plan-explanation',
    access: 'tenants:read',
    summary: 'Why a tenant is on its plan: every layer and what became of it, now or with ?at= as of a past time',
    async handle({ params, query }) {
      const { at } = parse(Query, query);
      return present(await explainTenant(context, params.id!, at ?? null), context.config.stripe.livemode);
    },
  }),
];
