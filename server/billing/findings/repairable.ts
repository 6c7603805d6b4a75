import { type DataSource, type EntityManager, In } from 'typeorm';
import { type Repair, repairOf } from '../../../domain/finding';
import { can, type OperatorRole } from '../../../domain/permissions';
import type { Context } from '../../context';
import { conflict, forbidden, invalid, notFound } from '../../errors';
import { PlanPrice } from '../../plans/plan-price.entity';
import { Tenant } from '../../tenants/tenant.entity';
import { Finding } from '../finding.entity';
import { type MirroredItem, Subscription } from '../subscription.entity';

/** What the operator chose, where the repair needs it. */
export interface RepairChoice {
  tenantId?: string | null;
  planId?: string | null;
  /** Where the subscription has several prices that no plan maps. */
  priceId?: string | null;
  /** The phrase that mapping a price asks for where it lowers tenants. */
  confirm?: string | null;
}

/** The repair of a finding. Throws 409 where it has none. */
export function requireRepairOf({ kind }: Pick<Finding, 'kind'>): Repair {
  const repair = repairOf(kind);
  if (!repair) throw conflict('no_repair', 'Only a person can tell what is right here: this has no safe repair.');
  return repair;
}

/** A finding and its repair. Throws ProblemError 404, 409 where there is none, 403 where it is not for `role`. */
export async function requireRepair({ db }: Context, role: OperatorRole, id: string) {
  const finding = await db.getRepository(Finding).findOneBy({ id });
  if (!finding) throw notFound('finding', id);
  const repair = requireRepairOf(finding);
  if (!can(role, repair.access)) throw forbidden('This repair moves money or plans: it is for admins.');
  return { finding, repair };
}

/** Throws 400 where no such tenant is. */
export async function requireChosenTenant({ db }: Context, tenantId: string): Promise<void> {
  if (!(await db.getRepository(Tenant).existsBy({ id: tenantId })))
    throw invalid({ tenantId: `There is no tenant "${tenantId}".` });
}

/** What the finding's subscription pays for, each price once, and the plan that earns by it, if any does. */
export async function pricesOf(
  db: DataSource | EntityManager,
  { subscriptionId }: Pick<Finding, 'subscriptionId'>,
): Promise<(MirroredItem & { planId: string | null })[]> {
  const mirrored = subscriptionId ? await db.getRepository(Subscription).findOneBy({ id: subscriptionId }) : null;
  const items = [...new Map(mirrored?.items.map((item) => [item.priceId, item]) ?? []).values()];
  const mapped = await db.getRepository(PlanPrice).findBy({ priceId: In(items.map(({ priceId }) => priceId)) });
  return items.map((item) => ({
    ...item,
    planId: mapped.find(({ priceId }) => priceId === item.priceId)?.planId ?? null,
  }));
}

/**
 * The price that is meant: the chosen one, else the only one that no plan maps; null where all are mapped by now.
 * @throws ProblemError 400 where the subscription does not pay it, or several stand to choose from
 */
export async function meantPrice({ db }: Context, finding: Finding, choice: RepairChoice): Promise<string | null> {
  const prices = await pricesOf(db, finding);
  const unmapped = prices.filter(({ planId }) => planId === null).map(({ priceId }) => priceId);
  if (choice.priceId) {
    if (prices.some(({ priceId }) => priceId === choice.priceId)) return choice.priceId;
    throw invalid({ priceId: `must be a price of the subscription: ${prices.map((one) => one.priceId).join(', ')}.` });
  }
  if (unmapped.length > 1)
    throw invalid({ priceId: `Choose one of the prices that no plan maps: ${unmapped.join(', ')}.` });
  return unmapped[0] ?? null;
}
