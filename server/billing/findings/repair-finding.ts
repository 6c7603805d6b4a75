import type Stripe from 'stripe';
import { In } from 'typeorm';
import { type RepairVerb, repairOf } from '../../../domain/finding';
import { can, type OperatorRole } from '../../../domain/permissions';
import type { Actor } from '../../audit/actor';
import { recordAudit } from '../../audit/record';
import type { Context } from '../../context';
import { inTransaction } from '../../db/transaction';
import { conflict, forbidden, invalid, notFound } from '../../errors';
import { mapPrice } from '../../plans/map-price';
import { PlanPrice } from '../../plans/plan-price.entity';
import { stripeOf } from '../../stripe/client';
import { Tenant } from '../../tenants/tenant.entity';
import { Finding } from '../finding.entity';
import { linkCustomer } from '../link-customer';
import { replayEvent } from '../replay-event';
import { StripeEvent } from '../stripe-event.entity';
import { Subscription } from '../subscription.entity';
import { cancelSuperseded } from './cancel-superseded';
import { customersOfFinding, readAgain } from './read-again';
import { suggestTenant } from './suggest-tenant';

/** What the operator chose, where the repair needs it. */
export interface RepairChoice {
  tenantId?: string | null;
  planId?: string | null;
  /** Where the subscription has several prices that no plan maps. */
  priceId?: string | null;
}

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

async function replay(job: Job): Promise<void> {
  const { context, actor, finding } = job;
  const { livemode } = context.config.stripe;
  const customerId = In(await customersOfFinding(context, finding));
  await inTransaction(context.db, async (tx) => {
    const where = { customerId, status: 'failed' as const, livemode };
    const failed = await tx.find(StripeEvent, { select: { id: true }, where, order: { id: 'ASC' }, take: REPLAYED });
    for (const { id } of failed) await replayEvent(tx, context, actor, id);
  });
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
  if (!(await context.db.getRepository(Tenant).existsBy({ id: tenantId })))
    throw invalid({ tenantId: `There is no tenant "${tenantId}".` });
  await linkCustomer(context, stripe, actor, tenantId, customerId);
}

/** The price of the finding's subscription that no plan maps; null where all are mapped by now. */
async function unmappedPrice({ context: { db }, finding, choice }: Job): Promise<string | null> {
  const mirrored = finding.subscriptionId
    ? await db.getRepository(Subscription).findOneBy({ id: finding.subscriptionId })
    : null;
  const prices = [...new Set(mirrored?.items.map(({ priceId }) => priceId) ?? [])];
  const mapped = await db.getRepository(PlanPrice).findBy({ priceId: In(prices) });
  const unmapped = prices.filter((id) => !mapped.some(({ priceId }) => priceId === id));
  const names = unmapped.join(', ');
  if (choice.priceId) {
    if (prices.includes(choice.priceId)) return choice.priceId;
    throw invalid({ priceId: `must be a price of the subscription: ${names}.` });
  }
  if (unmapped.length > 1) throw invalid({ priceId: `Choose one of the prices that no plan maps: ${names}.` });
  return unmapped[0] ?? null;
}

async function map(job: Job): Promise<void> {
  const { context, actor, choice } = job;
  const { planId } = choice;
  if (!planId) throw invalid({ planId: 'Choose the plan that this price earns.' });
  const priceId = await unmappedPrice(job);
  if (priceId)
    await inTransaction(context.db, async (tx) => {
      const now = context.now();
      await mapPrice(tx, actor, { planId, priceId }, now);
      // Those whose unknown price is not the first of their items: the finding names it.
      await tx.query(
        `UPDATE tenants SET nextDecisionAt = ? WHERE id IN (
           SELECT tenantId FROM findings WHERE kind = 'unknown-price' AND status <> 'resolved' AND LOCATE(?, actual) > 0)`,
        [now, priceId],
      );
    });
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
 * repair or it can't be done; 503 where Stripe is away
 */
export async function repairFinding(
  context: Context,
  { actor, role }: { actor: Actor; role: OperatorRole },
  id: string,
  choice: RepairChoice,
): Promise<void> {
  const finding = await context.db.getRepository(Finding).findOneBy({ id });
  if (!finding) throw notFound('finding', id);
  const repair = repairOf(finding.kind);
  if (!repair) throw conflict('no_repair', 'Only a person can tell what is right here: this has no safe repair.');
  if (!can(role, repair.access)) throw forbidden('This repair moves money or plans: it is for admins.');
  if (finding.status === 'resolved') return;
  const job = { context, stripe: stripeOf(context.config), actor, finding, choice };
  await REPAIRS[repair.verb](job);
  await record(job, repair.verb);
}
