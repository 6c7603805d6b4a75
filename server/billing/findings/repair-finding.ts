import type Stripe from 'stripe';
import { type EntityManager, In } from 'typeorm';
import type { RepairVerb } from '../../../domain/finding';
import type { OperatorRole } from '../../../domain/permissions';
import type { Actor } from '../../audit/actor';
import { recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict, invalid } from '../../errors';
import { mapPrice } from '../../plans/map-price';
import { stripeOf } from '../../stripe/client';
import { Finding } from '../finding.entity';
import { linkCustomer } from '../link-customer';
import { replayEvent } from '../replay-event';
import { StripeCustomer } from '../stripe-customer.entity';
import { StripeEvent } from '../stripe-event.entity';
import { cancelSuperseded } from './cancel-superseded';
import { customersOfFinding, readAgain } from './read-again';
import { meantPrice, pricesOf, type RepairChoice, requireChosenTenant, requireRepair } from './repairable';
import { suggestTenant } from './suggest-tenant';

interface Job {
  context: Context;
  stripe: Stripe;
  actor: Actor;
  finding: Finding;
  choice: RepairChoice;
}

async function sync({ context, stripe, actor, finding }: Job): Promise<void> {
  const customerIds = await customersOfFinding(context, finding);
  if (customerIds.length === 0) throw conflict('no_customer', 'No Stripe customer belongs to this finding any more.');
  await readAgain(context, stripe, actor, customerIds);
}

/** Most events that are replayed at once; the reading answers all others of the customer too. */
const REPLAYED = 100;

/** Has the failed events of customers worked off again. */
export async function replayFailed(
  tx: EntityManager,
  context: Context,
  actor: Actor,
  customerIds: readonly string[],
): Promise<void> {
  const { livemode } = context.config.stripe;
  const where = { customerId: In(customerIds), status: 'failed' as const, livemode };
  const failed = await tx.find(StripeEvent, { select: { id: true }, where, order: { id: 'ASC' }, take: REPLAYED });
  for (const { id } of failed) await replayEvent(tx, context, actor, id);
}

async function replay(job: Job): Promise<void> {
  const { context, actor, finding } = job;
  const customerIds = await customersOfFinding(context, finding);
  await inTransaction(context.db, (tx) => replayFailed(tx, context, actor, customerIds));
  await sync(job);
}

async function link({ context, stripe, actor, finding, choice: { tenantId } }: Job): Promise<void> {
  const { customerId } = finding;
  if (!customerId) throw conflict('no_customer', 'This finding names no Stripe customer.');
  if (!tenantId) {
    const suggestion = await suggestTenant(context, stripe, finding);
    const hint = suggestion ? ` Stripe's data name ${suggestion.tenantId}.` : '';
    throw invalid({ tenantId: `Choose the tenant that this customer pays for.${hint}` });
  }
  await requireChosenTenant(context, tenantId);
  await linkCustomer(context, stripe, actor, tenantId, customerId);
}

async function map(job: Job): Promise<void> {
  const { context, actor, finding, choice } = job;
  const { planId } = choice;
  if (!planId) throw invalid({ planId: 'Choose the plan that this price earns.' });
  const priceId = await meantPrice(context, finding, choice);
  if (priceId)
    await inTransaction(context.db, (tx) =>
      mapPrice(tx, context, { planId, priceId }, { actor, confirm: choice.confirm }),
    );
  // The plan is mapped; where Stripe can't be read just now, the workers decide by what we know.
  await sync(job).catch((error) => context.log.warn({ err: error }, 'a sync after mapping a price failed'));
}

const cancel = ({ context, stripe, actor, finding }: Job) => cancelSuperseded(context, stripe, actor, finding);

const REPAIRS: Record<RepairVerb, (job: Job) => Promise<void>> = {
  sync,
  replay,
  'link-customer': link,
  'map-price': map,
  'cancel-subscription': cancel,
};

/** Of a resolved finding nothing is done; whoever chose otherwise than what closed it must know. */
async function requireSame({ context: { db }, finding, choice }: Job): Promise<void> {
  const { customerId } = finding;
  if (choice.tenantId && customerId) {
    const linked = await db.getRepository(StripeCustomer).findOneBy({ id: customerId });
    if (linked?.tenantId && linked.tenantId !== choice.tenantId)
      throw conflict('customer_linked', `Nothing was done: this customer belongs to tenant ${linked.tenantId} by now.`);
  }
  if (!choice.planId) return;
  const planIds = (await pricesOf(db, finding)).flatMap(({ planId }) => planId ?? []);
  if (planIds.length > 0 && !planIds.includes(choice.planId))
    throw conflict('price_taken', `Nothing was done: the price belongs to the plan "${planIds[0]}" by now.`);
}

async function record({ context, actor, finding }: Job, verb: RepairVerb): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const { status } = await tx.findOneByOrFail(Finding, { id: finding.id });
    const changes = { repair: { from: null, to: verb }, status: { from: finding.status, to: status } };
    const { id: resourceId, tenantId } = finding;
    await recordAudit(tx, { actor, action: 'finding.repair', resource: 'findings', resourceId, tenantId, changes });
  });
}

/**
 * Does the one safe repair that a finding has. Nothing is set: Stripe is read again, and the finding closes where the
 * difference is gone. Of a resolved one nothing is done, so a second click is harmless.
 * @throws ProblemError 404; 403 where it is for admins; 400 where something must be chosen; 409 where there is no
 * repair, it can't be done, or another choice than this closed it; 503 where Stripe is away
 */
export async function repairFinding(
  context: Context,
  { actor, role }: { actor: Actor; role: OperatorRole },
  id: string,
  choice: RepairChoice,
): Promise<void> {
  const { finding, repair } = await requireRepair(context, role, id);
  const job = { context, stripe: stripeOf(context.config), actor, finding, choice };
  if (finding.status === 'resolved') return requireSame(job);
  await REPAIRS[repair.verb](job);
  await record(job, repair.verb);
}
