import { setTimeout as sleep } from 'node:timers/promises';
import type Stripe from 'stripe';
import { In } from 'typeorm';
import { idOf } from '../../dev/stripe/store/json';
import type { State } from '../../dev/stripe/store/state';
import { verifyAudit } from '../../server/audit/verify';
import { LISTED_TYPES } from '../../server/billing/catch-up';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY, MINUTE } from '../support/clock';
import type { Telling } from './acts';
import type { Lane } from './lane';
import { rightAnswers } from './oracle';

/** What must hold of every installation that has come to rest. Each gives its faults, in words. */
type Truth = (telling: Telling) => Promise<string[]>;

const show = (value: unknown): string => JSON.stringify(value);

const rightPlans: Truth = async ({ lane, ledger }) => {
  const tenants = await lane.db.getRepository(Tenant).find();
  return tenants.flatMap(({ id, planId, seatLimit }) => {
    const facts = ledger.factsOf(lane.stripe.state, id);
    const right = rightAnswers(facts, ledger.plans(), lane.now(), lane.context.config.pastDueGraceDays);
    if (right.some(({ plan, seats }) => plan === planId && (seats === undefined || seats === seatLimit))) return [];
    const had = facts.subscriptions.map((one) => ({ ...one, held: [...one.held] }));
    return [
      `Tenant ${id} is on ${planId} with ${seatLimit} seats; right is ${show(right)}, for ${show({ ...facts, subscriptions: had })}`,
    ];
  });
};

const seconds = (moment: Date | null): number | null => (moment === null ? null : +moment / 1000);

/** What a running schedule turns a subscription into next. */
function nextPhase(one: Stripe.Subscription, state: State) {
  const schedule = one.schedule === null ? undefined : state.schedules.get(idOf(one.schedule));
  const end = schedule?.current_phase?.end_date;
  const next = end === undefined ? undefined : schedule?.phases.find(({ start_date }) => start_date >= end);
  if (!next) return null;
  return {
    at: next.start_date,
    items: next.items.map(({ price, quantity }) => ({ price: idOf(price), quantity: quantity ?? 1 })),
  };
}

const asStripeHasIt = (one: Stripe.Subscription, state: State) => ({
  customer: idOf(one.customer),
  status: one.status,
  items: one.items.data
    .map((item) => ({ id: item.id, price: item.price.id, quantity: item.quantity ?? 1, end: item.current_period_end }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
  periodEnd: Math.min(...one.items.data.map(({ current_period_end: end }) => end)),
  cancelAtPeriodEnd: one.cancel_at_period_end,
  cancelAt: one.cancel_at,
  trialEnd: one.trial_end,
  paused: one.pause_collection !== null,
  livemode: one.livemode,
  next: nextPhase(one, state),
  missing: false,
});

const asWeHaveIt = (row: Subscription): ReturnType<typeof asStripeHasIt> => ({
  customer: row.customerId,
  status: row.status as Stripe.Subscription.Status,
  items: row.items
    .map(({ id, priceId, quantity, currentPeriodEnd }) => ({
      ...{ id, price: priceId, quantity },
      end: currentPeriodEnd === null ? Number.NaN : Date.parse(currentPeriodEnd) / 1000,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
  periodEnd: seconds(row.currentPeriodEnd) ?? Number.NaN,
  cancelAtPeriodEnd: row.cancelAtPeriodEnd,
  cancelAt: seconds(row.cancelAt),
  trialEnd: seconds(row.trialEnd),
  paused: row.pauseCollection,
  livemode: row.livemode,
  next: row.scheduledChange && {
    at: Date.parse(row.scheduledChange.at) / 1000,
    items: row.scheduledChange.items.map(({ priceId: price, quantity }) => ({ price, quantity })),
  },
  missing: row.missingSince !== null,
});

const mirrorEqual: Truth = async ({ lane, ledger }) => {
  const rows = new Map((await lane.db.getRepository(Subscription).find()).map((row) => [row.id, row]));
  const listed = lane.stripe.state.subscriptions.all();
  const faults = listed.flatMap((one) => {
    const row = rows.get(one.id);
    if (!row) return [`Stripe has ${one.id} (${one.status}), our mirror has not.`];
    const [theirs, ours] = [show(asStripeHasIt(one, lane.stripe.state)), show(asWeHaveIt(row))];
    const faults = theirs === ours ? [] : [`Of ${one.id} Stripe has ${theirs}; our mirror has ${ours}`];
    const customer = idOf(one.customer);
    const link = ledger.links.get(customer);
    // A customer that was deleted before anybody read it told nobody whose it was.
    const told = ledger.read.has(customer) || !lane.stripe.state.deletedCustomers.has(customer);
    return link === row.tenantId || !told
      ? faults
      : [...faults, `${one.id} belongs to ${link}; our mirror says ${row.tenantId}.`];
  });
  const known = new Set(listed.map(({ id }) => id));
  return [...faults, ...[...rows.keys()].filter((id) => !known.has(id)).map((id) => `Our mirror made ${id} up.`)];
};

const customersLinked: Truth = async ({ lane, ledger }) => {
  const rows = new Map((await lane.db.getRepository(StripeCustomer).find()).map((row) => [row.id, row]));
  const { state } = lane.stripe;
  const ids = [...state.customers.all().map(({ id }) => id), ...state.deletedCustomers];
  return ids.flatMap((id) => {
    const row = rows.get(id);
    // Nothing tells of a customer who never got a subscription, once its events are no longer listed: nor need it.
    if (!row && state.subscriptions.inGroup(id).length === 0) return [];
    if (!row) return [`Stripe has the customer ${id}, we have not.`];
    const deleted = state.deletedCustomers.has(id);
    if (row.deleted !== deleted) return [`The customer ${id} is ${deleted ? '' : 'not '}deleted; we say otherwise.`];
    const link = ledger.links.get(id) ?? null;
    if (row.tenantId === link || (deleted && !ledger.read.has(id))) return [];
    return [`The customer ${id} belongs to ${link}; we say ${row.tenantId}.`];
  });
};

/** Stripe lists the events of 30 days; those of the last hours before are on the brink. */
const FORGOTTEN_AFTER_MS = 30 * DAY - 2 * 60 * MINUTE;
const LISTED: ReadonlySet<string> = new Set(LISTED_TYPES);

/**
 * Every event that was delivered, and every one that Stripe still lists, is in the inbox and done with. Of those that
 * were dropped only such may be missing that Stripe forgot meanwhile, or that tell nothing which others don't.
 */
const eventsAccounted: Truth = async ({ lane }) => {
  const { postman } = lane;
  const rows = await lane.db
    .getRepository(StripeEvent)
    .find({ select: { id: true, type: true, status: true, error: true } });
  const inbox = new Set(rows.map(({ id }) => id));
  const lost = [...postman.all].filter((id) => !inbox.has(id) && !postman.dropped.has(id));
  const forgotten = (lane.now() - FORGOTTEN_AFTER_MS) / 1000;
  const unread = lane.stripe.state.events
    .all()
    .filter(({ id, type, created }) => LISTED.has(type) && created > forgotten && !inbox.has(id));
  const undone = rows.filter(({ status }) => status === 'received' || status === 'failed');
  return [
    ...lost.map((id) => `The event ${id} was delivered, and is not in the inbox.`),
    ...unread.map(({ id, type }) => `The event ${id} (${type}) is listed, and was not caught up with.`),
    ...undone.map((row) => `The event ${row.id} (${row.type}) is ${row.status}: ${row.error}`),
  ];
};

/** Each step of a plan history begins where the one before it ended, from birth to now. */
const historyUnbroken: Truth = async ({ lane, ledger }) => {
  const tenants = await lane.db.getRepository(Tenant).find();
  const steps = await lane.db
    .getRepository(PlanChange)
    .find({ where: { tenantId: In([...ledger.tenantIds]) }, order: { at: 'ASC', id: 'ASC' } });
  return tenants.flatMap(({ id, planId }) => {
    const own = steps.filter(({ tenantId }) => tenantId === id);
    const path = own.map(({ fromPlanId, toPlanId }) => `${fromPlanId} → ${toPlanId}`).join(', ');
    const whole = own.every(({ fromPlanId }, index) => fromPlanId === (own[index - 1]?.toPlanId ?? null));
    const idle = own.some(({ fromPlanId, toPlanId }) => fromPlanId === toPlanId);
    if (whole && !idle && own.length > 0 && own.at(-1)!.toPlanId === planId) return [];
    return [`The plan history of ${id}, which is on ${planId}, is broken: ${path}`];
  });
};

const auditWhole: Truth = async ({ lane }) => {
  const { broken } = await verifyAudit(lane.db);
  return broken.map(({ chain, seq, fault }) => `The audit chain ${chain} is broken at ${seq}: ${fault}`);
};

/** Leases that nobody lets go of. A job that came too late to have work to do may hold one for a moment. */
async function heldLeases(lane: Lane): Promise<{ name: string }[]> {
  for (const end = Date.now() + 3000; ; await sleep(20)) {
    const held: { name: string }[] = await lane.db.query(
      'SELECT name FROM leases WHERE holder IS NOT NULL AND expiresAt > UTC_TIMESTAMP(3)',
    );
    if (held.length === 0 || Date.now() > end) return held;
  }
}

/** Nothing is left undone, given up on, or held. */
const nothingLeft: Truth = async ({ lane }) => {
  const rows = await lane.db.getRepository(OutboxRow).findBy({ status: In(['open', 'failed']) });
  const held = await heldLeases(lane);
  const runs: { id: string; status: string; error: string | null }[] = await lane.db.query(
    "SELECT id, status, error FROM reconcile_runs WHERE status NOT IN ('done', 'cancelled')",
  );
  return [
    ...runs.map(({ id, status, error }) => `The run ${id} is ${status}: ${error}`),
    ...rows.map(({ kind, subject, status, lastError }) => `The job ${kind} of ${subject} is ${status}: ${lastError}`),
    ...held.map(({ name }) => `The lease ${name} is still held.`),
  ];
};

const TRUTHS: Truth[] = [
  rightPlans,
  mirrorEqual,
  customersLinked,
  eventsAccounted,
  historyUnbroken,
  auditWhole,
  nothingLeft,
];

/** @throws Error that names every fault of an installation at rest */
export async function requireTruths(telling: Telling): Promise<void> {
  const faults: string[] = [];
  for (const truth of TRUTHS) faults.push(...(await truth(telling)));
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
