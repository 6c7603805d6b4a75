import { maskPayload } from '../../domain/mask-payload';
import { can, type OperatorRole } from '../../domain/permissions';
import { stripeUrl } from '../../domain/stripe-url';
import { AuditEntry } from '../audit/audit.entity';
import { auditListing } from '../audit/audit.listing';
import type { Context } from '../context';
import { notFound } from '../errors';
import { Tenant } from '../tenants/tenant.entity';
import { Finding } from './finding.entity';
import { findingsListing } from './findings/findings.listing';
import { PlanChange } from './plan-change.entity';
import { planChangesListing, stripeEventsListing } from './records.listings';
import { StripeCustomer } from './stripe-customer.entity';
import { StripeEvent } from './stripe-event.entity';

/** Of each kind of consequence so many are told; an event seldom has more than one. */
const MOST = 50;

async function requireEvent({ db }: Context, id: string): Promise<StripeEvent> {
  const event = await db.getRepository(StripeEvent).findOneBy({ id });
  if (!event) throw notFound('stripe-event', id);
  return event;
}

/**
 * One event of the inbox. Its payload is masked, and left out for whoever may not read it; `payloadState` says which of
 * the two, or that it was erased with its time. Throws 404.
 */
export async function showEvent(context: Context, role: OperatorRole, id: string): Promise<object> {
  const event = await requireEvent(context, id);
  const now = context.now();
  const [told] = await stripeEventsListing.present([event], context.db, now);
  const readable = can(role, 'stripe-events:payload');
  const payloadState = event.payload === null ? 'deleted' : readable ? 'masked' : 'hidden';
  return {
    ...told,
    stripeUrl: stripeUrl(event.id, event.livemode),
    payloadState,
    payload: payloadState === 'masked' ? maskPayload(event.payload!) : null,
  };
}

/**
 * What an event led to: the plan changes that name it, the findings of its customer that its reading closed, and the
 * audit entries about it. One reading answers all events of a customer that have come by then, and what follows names
 * one of them. Throws 404.
 */
export async function consequencesOf(context: Context, id: string): Promise<object> {
  const { db } = context;
  const now = context.now();
  const { customerId } = await requireEvent(context, id);
  const customer = customerId ? await db.getRepository(StripeCustomer).findOneBy({ id: customerId }) : null;
  const tenantId = customer?.tenantId ?? null;
  const [tenant, steps, findings, audits] = await Promise.all([
    tenantId ? db.getRepository(Tenant).findOneBy({ id: tenantId }) : null,
    db.getRepository(PlanChange).find({ where: { eventId: id }, order: { at: 'DESC', id: 'DESC' }, take: MOST }),
    customerId
      ? db.getRepository(Finding).find({ where: { customerId }, order: { lastSeenAt: 'DESC', id: 'DESC' }, take: 200 })
      : [],
    db.getRepository(AuditEntry).find({
      where: { resource: 'stripe-events', resourceId: id },
      order: { at: 'DESC', id: 'DESC' },
      take: MOST,
    }),
  ]);
  const closed = findings.filter(({ resolvedBy }) => resolvedBy?.eventId === id).slice(0, MOST);
  const open = findings.filter(({ status }) => status === 'open').slice(0, MOST);
  return {
    tenant: tenant && { id: tenant.id, name: tenant.name, planId: tenant.planId },
    planChanges: await planChangesListing.present(steps, db, now),
    findingsClosed: await findingsListing.present(closed, db, now),
    findingsOpen: await findingsListing.present(open, db, now),
    audit: await auditListing.present(audits, db, now),
  };
}
