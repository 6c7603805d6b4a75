import type { EntityManager } from 'typeorm';
import { missedWebhook } from '../../domain/customer-findings';
import type { Context } from '../context';
import { insertMany, selectMany } from '../db/bulk';
import { isDuplicate, LostRace } from '../db/transaction';
import type { CustomerReading } from '../stripe/read-customer';
import { Tenant } from '../tenants/tenant.entity';
import type { Cause } from './cause';
import type { PlanMove } from './decide-one';
import {
  type Decided,
  decideTenants,
  lockTenants,
  type PendingMirror,
  type Supposed,
  type Weighed,
  weighTenants,
} from './decide-tenant';
import { originOf } from './explanation/origin';
import { auditOf, listedRow, missingRow } from './mirror';
import { weighOrphans } from './orphans';
import { raiseEventful, settleCustomers } from './settle-findings';
import { StripeCustomer } from './stripe-customer.entity';
import { Subscription } from './subscription.entity';

/** What was read of one customer. */
export interface AppliedReading extends CustomerReading {
  customerId: string;
  /** When Stripe was asked: what changed there later is not in the reading. */
  readAt: Date;
  /** Only what differs was read: what is not among `subscriptions` stands as our mirror has it. */
  partial?: true;
}

export interface ApplyOptions {
  /** The customers were just found to be unknown. Where one is not any more, the transaction (inTransaction's) runs again. */
  unknown?: boolean;
}

type Known = ReadonlyMap<string, StripeCustomer>;

/** The tenant that a customer pays for: our own record first, then Stripe's metadata, never after an unlink. */
function tenantOf(known: StripeCustomer | undefined, { customer }: CustomerReading): string | null {
  if (known?.tenantId) return known.tenantId;
  return known?.unlinkedAt || customer.deleted ? null : customer.tenantId;
}

const NOBODY: Known = new Map();

async function customersOf(tx: EntityManager, ids: string[], locked: { locked: boolean }): Promise<Known> {
  if (ids.length === 0) return new Map();
  const where = `FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id${locked.locked ? ' FOR UPDATE' : ''}`;
  const rows = await selectMany(tx, StripeCustomer, where, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Tenants before customers, as every other verb locks them; anew where a link was changed in between. */
async function lock(tx: EntityManager, readings: readonly AppliedReading[], { unknown }: ApplyOptions) {
  const ids = readings.map(({ customerId }) => customerId);
  const mine = (known: Known) => readings.map((reading) => tenantOf(known.get(reading.customerId), reading));
  if (unknown) return { tenants: await lockTenants(tx, mine(NOBODY)), known: NOBODY };
  const tenants = await lockTenants(tx, mine(await customersOf(tx, ids, { locked: false })));
  const known = await customersOf(tx, ids, { locked: true });
  const late = mine(known).filter((id) => id !== null && !tenants.has(id));
  for (const [id, tenant] of await lockTenants(tx, late)) tenants.set(id, tenant);
  return { tenants, known };
}

function customerRow(
  { customerId, customer, readAt }: AppliedReading,
  known: Known,
  tenantId: string | null,
  context: Context,
) {
  const before = known.get(customerId);
  return {
    id: customerId,
    tenantId,
    deleted: customer.deleted,
    livemode: customer.livemode ?? before?.livemode ?? context.config.stripe.livemode,
    // A deleted customer tells nothing of itself any more: we remember who it was.
    email: customer.deleted ? (before?.email ?? null) : customer.email,
    name: customer.deleted ? (before?.name ?? null) : customer.name,
    syncedAt: readAt,
  };
}

/** What is not there can't be locked: whoever made a customer's row since we looked may have linked it. */
async function writeCustomers(tx: EntityManager, rows: ReturnType<typeof customerRow>[], known: Known): Promise<void> {
  const [there, fresh] = [rows.filter(({ id }) => known.has(id)), rows.filter(({ id }) => !known.has(id))];
  await insertMany(tx, StripeCustomer, there, {
    update: ['tenantId', 'deleted', 'livemode', 'email', 'name', 'syncedAt'],
  });
  await insertMany(tx, StripeCustomer, fresh).catch((error: unknown) => {
    throw isDuplicate(error) ? new LostRace('A customer was made by another transaction meanwhile.') : error;
  });
}

/** One customer's rows as they will be, those that are written among them, and what the audit log is owed. */
function mirrorOf(
  { subscriptions, partial }: AppliedReading,
  stored: readonly Subscription[],
  tenantId: string | null,
  cause: Cause,
  now: Date,
) {
  const before = new Map(stored.map((row) => [row.id, row]));
  const origin = originOf(cause, now);
  const listed = new Set(subscriptions.map(({ id }) => id));
  const unlisted = stored.filter(({ id }) => !listed.has(id));
  const written = [
    ...subscriptions.map((read) => listedRow(read, before.get(read.id), { tenantId, now, origin })),
    ...(partial ? [] : unlisted.map((row) => missingRow(row, { tenantId, now, origin }))),
  ];
  return {
    written,
    all: partial ? [...written, ...unlisted] : written,
    audits: written.flatMap((row) => auditOf(cause.actor, before.get(row.id), row)),
  };
}

const storedOf = (tx: EntityManager, customerIds: string[]): Promise<Subscription[]> =>
  selectMany(tx, Subscription, 'FORCE INDEX (subscriptions_customer) WHERE customerId IN (?)', [customerIds]);

/** Rows by the customer that they belong to. */
function byCustomer(rows: readonly Subscription[]): Map<string, Subscription[]> {
  const groups = new Map<string, Subscription[]>();
  for (const row of rows) {
    const group = groups.get(row.customerId);
    if (group) group.push(row);
    else groups.set(row.customerId, [row]);
  }
  return groups;
}

/** What `lock` gives, with nothing held: for those who only look. */
async function look(tx: EntityManager, readings: readonly AppliedReading[]) {
  const ids = readings.map(({ customerId }) => customerId);
  const known = await customersOf(tx, ids, { locked: false });
  const tenants = await readTenants(
    tx,
    readings.map((reading) => tenantOf(known.get(reading.customerId), reading)),
  );
  return { tenants, known };
}

async function readTenants(tx: EntityManager, ids: readonly (string | null)[]): Promise<Map<string, Tenant>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const tenants = await selectMany(tx, Tenant, 'FORCE INDEX (PRIMARY) WHERE id IN (?)', [wanted]);
  return new Map(tenants.map((tenant) => [tenant.id, tenant]));
}

/** What readings and our copy make together, before anything is written. */
async function gather(
  tx: EntityManager,
  context: Context,
  readings: readonly AppliedReading[],
  cause: Cause,
  { locked, unknown }: ApplyOptions & { locked: boolean },
) {
  const { tenants, known } = await (locked ? lock(tx, readings, { unknown }) : look(tx, readings));
  const rows = known.size > 0 ? await storedOf(tx, [...known.keys()]) : [];
  const stored = byCustomer(rows);
  const now = context.now();
  const mirrors = readings.map((reading) => {
    const wanted = tenantOf(known.get(reading.customerId), reading);
    const tenantId = wanted !== null && tenants.has(wanted) ? wanted : null;
    return { reading, tenantId, ...mirrorOf(reading, stored.get(reading.customerId) ?? [], tenantId, cause, now) };
  });
  const former = rows.map(({ tenantId }) => tenantId).filter((id) => id !== null && !tenants.has(id));
  for (const [id, tenant] of await (locked ? lockTenants : readTenants)(tx, former)) tenants.set(id, tenant);
  const orphaned = mirrors.filter(({ tenantId }) => tenantId === null);
  const orphans = await weighOrphans(tx, context, orphaned);
  const pending: PendingMirror = {
    rows: mirrors.flatMap(({ written }) => written),
    audits: mirrors.flatMap(({ audits }) => audits),
    links: mirrors.flatMap(({ reading: { customerId }, tenantId }) =>
      tenantId && tenantId !== known.get(customerId)?.tenantId ? { tenantId, customerId } : [],
    ),
    deleted: new Map(readings.map(({ customerId, customer }) => [customerId, customer.deleted])),
    readAt: new Date(Math.min(...readings.map(({ readAt }) => +readAt))),
  };
  return { tenants, known, mirrors, orphans, pending };
}

/** What applying readings would come to. */
export interface WeighedReadings {
  /** By tenant. */
  tenants: ReadonlyMap<string, Weighed>;
  /** The tenant that each customer pays for. */
  owners: ReadonlyMap<string, string | null>;
  /** How many would stand. */
  findings: number;
}

interface WeighOptions {
  /** Holds tenants and customers until the transaction ends, as applyReadings does: it may follow. */
  locked: boolean;
  /** Tenants to be weighed besides those that the customers belong to. */
  tenantIds?: readonly string[];
  supposed?: Supposed;
}

/** Decides what applyReadings would decide, and writes nothing. */
export async function weighReadings(
  tx: EntityManager,
  context: Context,
  readings: readonly AppliedReading[],
  cause: Cause,
  { locked, tenantIds = [], supposed }: WeighOptions,
): Promise<WeighedReadings> {
  // Tenants before customers, as every other verb locks them.
  const asked = await (locked ? lockTenants : readTenants)(tx, [...tenantIds]);
  const { tenants, mirrors, orphans, pending } = await gather(tx, context, readings, cause, { locked });
  const all = new Map([...asked, ...tenants]);
  const weighed = await weighTenants(tx, context, all, cause, pending, supposed);
  const found = [...[...weighed.values()].map(({ decision }) => decision.findings), ...orphans.values()];
  const owners = new Map(mirrors.map(({ reading, tenantId }) => [reading.customerId, tenantId]));
  return { tenants: weighed, owners, findings: found.reduce((sum, { length }) => sum + length, 0) };
}

/**
 * Makes our copy of customers equal to what was read of them, decides the plans of their tenants, and writes all that
 * follows, in the caller's transaction. The one verb behind webhooks, "sync now", repairs and sweeps: they differ in
 * how they read and in what they hold meanwhile.
 */
export async function applyReadings(
  tx: EntityManager,
  context: Context,
  readings: readonly AppliedReading[],
  cause: Cause,
  options: ApplyOptions = {},
): Promise<Decided> {
  const now = context.now();
  const customerIds = readings.map(({ customerId }) => customerId);
  const held = { locked: true, ...options };
  const { tenants, known, mirrors, orphans, pending } = await gather(tx, context, readings, cause, held);
  await writeCustomers(
    tx,
    mirrors.map(({ reading, tenantId }) => customerRow(reading, known, tenantId, context)),
    known,
  );
  const decided = await decideTenants(tx, context, tenants, cause, pending);
  const found = new Map(customerIds.map((id) => [id, orphans.get(id) ?? []]));
  const findings = decided.findings + (await settleCustomers(tx, found, now, cause));
  if (cause.missed) await tellMissed(tx, decided.moves, { ...cause, missed: cause.missed }, now);
  return { ...decided, findings };
}

/** Leaves a finding, over at once, for each plan that nobody told of: many of them mean that webhooks don't arrive. */
async function tellMissed(
  tx: EntityManager,
  moves: readonly PlanMove[],
  cause: Cause & Required<Pick<Cause, 'missed'>>,
  now: Date,
) {
  const scopes = moves.map(({ tenantId, subscriptionId, fromPlanId, toPlanId }) => ({
    tenantId,
    customerId: null,
    found: [missedWebhook({ subscriptionId, fromPlanId, toPlanId, how: cause.missed })],
  }));
  await raiseEventful(tx, scopes, now, { over: cause });
}
