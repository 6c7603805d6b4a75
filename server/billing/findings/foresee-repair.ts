import type Stripe from 'stripe';
import { type EntityManager, MoreThan } from 'typeorm';
import type { PlanDecision } from '../../../domain/decide-plan.types';
import type { Repair, RepairVerb } from '../../../domain/finding';
import type { OperatorRole } from '../../../domain/permissions';
import type { Actor } from '../../audit/actor';
import type { Context } from '../../context';
import { rehearse } from '../../db/transaction';
import { conflict } from '../../errors';
import { Invitation } from '../../invitations/invitation.entity';
import { foreseeMapping, requireMappable } from '../../plans/map-price';
import { PlanPrice } from '../../plans/plan-price.entity';
import { ask } from '../../stripe/ask';
import { stripeOf } from '../../stripe/client';
import { readCustomer } from '../../stripe/read-customer';
import { Tenant } from '../../tenants/tenant.entity';
import { type AppliedReading, applyReadings } from '../apply-readings';
import { decideTenant } from '../decide-tenant';
import { Finding } from '../finding.entity';
import { tieCustomer } from '../link-customer';
import { decisionTold, seatsUnder } from '../operator-actions/preview';
import type { Warning } from '../operator-actions/preview-effects';
import { customersOfFinding, told } from './read-again';
import { meantPrice, pricesOf, type RepairChoice, requireChosenTenant, requireRepair } from './repairable';
import { suggestTenant } from './suggest-tenant';

interface Job {
  context: Context;
  stripe: Stripe;
  actor: Actor;
  finding: Finding;
  repair: Repair;
  choice: RepairChoice;
}

async function read({ context, stripe, finding }: Job): Promise<AppliedReading[]> {
  const readings: AppliedReading[] = [];
  for (const customerId of await customersOfFinding(context, finding)) {
    const readAt = context.now();
    const reading = await ask(readCustomer(stripe, customerId)).catch((error) => {
      throw told(error);
    });
    const { livemode } = reading.customer;
    if (livemode === null || livemode === context.config.stripe.livemode)
      readings.push({ customerId, readAt, ...reading });
  }
  if (readings.length === 0) throw conflict('no_customer', 'No Stripe customer belongs to this finding any more.');
  return readings;
}

/** What a repair does before Stripe is read again, as far as it can be rehearsed here. */
const PREPARE: Partial<Record<RepairVerb, (tx: EntityManager, job: Job) => Promise<void>>> = {
  'link-customer': (tx, { context, actor, finding, choice }) =>
    tieCustomer(tx, context, actor, choice.tenantId!, finding.customerId!),
  async 'map-price'(tx, { choice }) {
    // Without one, all are mapped by now: reading again is all that is left.
    if (!choice.priceId) return;
    const price = { planId: choice.planId!, priceId: choice.priceId };
    if (!(await requireMappable(tx, price))) await tx.insert(PlanPrice, price);
  },
};

/** What Stripe will say once it is done there. */
const asDone = ({ repair, finding }: Job, readings: AppliedReading[]): AppliedReading[] =>
  repair.verb === 'cancel-subscription'
    ? readings.map((reading) => ({
        ...reading,
        subscriptions: reading.subscriptions.map((one) =>
          one.id === finding.subscriptionId ? { ...one, status: 'canceled' } : one,
        ),
      }))
    : readings;

async function warningsOf({ context: { db }, repair, finding, choice }: Job): Promise<Warning[]> {
  if (repair.verb === 'cancel-subscription')
    return [
      {
        code: 'no-refund',
        text: 'Stripe stops collecting the unpaid invoices of the cancelled subscription, and nothing is paid back.',
      },
    ];
  if (repair.verb !== 'map-price' || !choice.priceId) return [];
  const [others]: { n: string }[] = await db.query(
    `SELECT COUNT(DISTINCT tenantId) AS n FROM findings
     WHERE kind = 'unknown-price' AND status <> 'resolved' AND LOCATE(?, actual) > 0 AND id <> ?`,
    [choice.priceId, finding.id],
  );
  const n = Number(others?.n ?? 0);
  const tenants = n === 1 ? 'One more tenant pays' : `${n} more tenants pay`;
  return n > 0
    ? [{ code: 'others-follow', text: `${tenants} this price, and ${n === 1 ? 'follows' : 'follow'} within a minute.` }]
    : [];
}

/** What must be typed where the price lowers tenants that pay it; the repair wants it as `confirm`. */
async function phraseOf({ context, repair, choice: { planId, priceId } }: Job): Promise<string | null> {
  if (repair.verb !== 'map-price' || !planId || !priceId) return null;
  return (await foreseeMapping(context.db.manager, context, { planId, priceId })).confirm;
}

interface Outcome {
  before: PlanDecision | null;
  after: PlanDecision | null;
  closes: boolean;
}

/** Does all of it but what only Stripe can do, sees what came of it, and takes it back. */
async function rehearseRepair(job: Job, tenantId: string | null): Promise<Outcome> {
  const { context, actor, finding, repair } = job;
  const readings = asDone(job, await read(job));
  return rehearse(context.db, async (tx) => {
    const before = tenantId ? await decideTenant(tx, context, tenantId, { actor }) : null;
    await PREPARE[repair.verb]?.(tx, job);
    const { decisions } = await applyReadings(tx, context, readings, { actor });
    const after = (tenantId && decisions.get(tenantId)) || null;
    return { before, after, closes: await tx.existsBy(Finding, { id: finding.id, status: 'resolved' }) };
  });
}

async function preview(job: Job) {
  const { context, repair, finding, choice } = job;
  const tenantId = choice.tenantId ?? finding.tenantId;
  const { before, after, closes } = await rehearseRepair(job, tenantId);
  const tenant = tenantId ? await context.db.getRepository(Tenant).findOneBy({ id: tenantId }) : null;
  if (!tenant || !before || !after) return { preview: null, closes };
  const waiting = { tenantId: tenant.id, status: 'pending' as const, expiresAt: MoreThan(context.now()) };
  const pendingInvitations = await context.db.getRepository(Invitation).countBy(waiting);
  return {
    closes,
    preview: {
      action: repair.verb,
      subscriptionId: finding.subscriptionId,
      stripeUrl: null,
      before: decisionTold(before),
      after: { ...decisionTold(after), at: context.now().toISOString() },
      seats: seatsUnder(after, { tenant, pendingInvitations }),
      ends: [],
      atEnd: null,
      proration: null,
      mails: [],
      warnings: await warningsOf(job),
    },
  };
}

/** What was chosen, completed by what can be chosen in one way alone or is suggested. */
async function complete(context: Context, stripe: Stripe, finding: Finding, repair: Repair, given: RepairChoice) {
  const linking = repair.verb === 'link-customer';
  const mapping = repair.verb === 'map-price';
  const suggestion = linking ? await suggestTenant(context, stripe, finding) : null;
  const prices = mapping ? (await pricesOf(context.db, finding)).filter(({ planId }) => planId === null) : [];
  const several = prices.length > 1 && !given.priceId;
  const choice = {
    tenantId: linking ? given.tenantId || suggestion?.tenantId || null : null,
    planId: mapping ? given.planId || null : null,
    priceId: mapping && !several ? await meantPrice(context, finding, given) : null,
  };
  const missing = (linking && !choice.tenantId) || (mapping && (!choice.planId || several));
  return { suggestion, prices, choice, missing };
}

/**
 * The repair of a finding before it is done: what must be chosen, with what is suggested, and what it leads to. That is
 * rehearsed: Stripe is read, all is done as in earnest, and taken back. `preview` is null while something must be
 * chosen, or where no tenant is touched.
 * @throws ProblemError as the repair itself would, and 409 `finding_resolved` where there is nothing left to do
 */
export async function foreseeRepair(
  context: Context,
  { actor, role }: { actor: Actor; role: OperatorRole },
  id: string,
  given: RepairChoice,
) {
  const { finding, repair } = await requireRepair(context, role, id);
  if (finding.status === 'resolved')
    throw conflict('finding_resolved', 'The difference is gone already, so there is nothing left to repair.');
  if (given.tenantId) await requireChosenTenant(context, given.tenantId);
  const stripe = stripeOf(context.config);
  const { suggestion, prices, choice, missing } = await complete(context, stripe, finding, repair, given);
  const job = { context, stripe, actor, finding, repair, choice };
  const outlook = missing ? { preview: null, closes: null } : await preview(job);
  return {
    ...repair,
    choice,
    confirm: missing ? null : await phraseOf(job),
    suggestion,
    prices: prices.map(({ priceId, unitAmount, currency, interval, intervalCount, quantity }) => ({
      priceId,
      unitAmount,
      currency,
      interval,
      intervalCount,
      quantity,
    })),
    ...outlook,
  };
}
