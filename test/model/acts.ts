import { setTimeout as sleep } from 'node:timers/promises';
import type Stripe from 'stripe';
import { operate as bank } from '../../dev/stripe/billing/operate';
import { StripeApiError } from '../../dev/stripe/errors';
import { customers } from '../../dev/stripe/resources/customers';
import { invoices } from '../../dev/stripe/resources/invoices';
import { paymentMethods } from '../../dev/stripe/resources/others';
import { subscriptionSchedules } from '../../dev/stripe/resources/schedules';
import { subscriptions } from '../../dev/stripe/resources/subscriptions';
import { idOf } from '../../dev/stripe/store/json';
import { DAY, MINUTE } from '../support/clock';
import type { Act, MappedPrice } from './commands';
import type { Lane } from './lane';
import type { Ledger } from './ledger';
import { insist, operate } from './operator';

/** A history on its way. */
export interface Telling {
  lane: Lane;
  ledger: Ledger;
}

type Doing<Name extends Act['do']> = (telling: Telling, act: Extract<Act, { do: Name }>) => unknown;

const ENDPOINTS = [...customers, ...invoices, ...paymentMethods, ...subscriptions, ...subscriptionSchedules];
const GOOD = 'pm_card_visa';
const BAD = 'pm_card_chargeCustomerFail';
const HOUR = 60 * MINUTE;

/** Asks Stripe at once, past the faults that are meant for us. Null where Stripe refuses. */
function ask<T>({ lane }: Telling, address: string, id: string, params: object = {}): T | null {
  const endpoint = ENDPOINTS.find(({ method, path }) => `${method} ${path}` === address);
  if (!endpoint) throw new Error(`The stand-in has no ${address}.`);
  try {
    return endpoint.run(lane.stripe, id, params) as T;
  } catch (error) {
    if (error instanceof StripeApiError) return null;
    throw error;
  }
}

const nth = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** Does something to the subscription that an act names, if there is one. */
const toSubscription =
  (work: (telling: Telling, subscription: Stripe.Subscription, act: Act) => unknown) =>
  (telling: Telling, act: Act & { sub: number }) => {
    const subscription = nth(telling.lane.stripe.state.subscriptions.all(), act.sub);
    return subscription && work(telling, subscription, act);
  };

const change = (telling: Telling, { id }: Stripe.Subscription, params: object) =>
  ask<Stripe.Subscription>(telling, 'post /subscriptions/:id', id, params);

function setCard(telling: Telling, customer: string, card: string): void {
  const method = ask<Stripe.PaymentMethod>(telling, 'post /payment_methods/:id/attach', card, { customer });
  if (method)
    ask(telling, 'post /customers/:id', customer, { invoice_settings: { default_payment_method: method.id } });
}

function makeCustomer(telling: Telling, tenantId: string): string {
  const made = ask<Stripe.Customer>(telling, 'post /customers', '', { metadata: { tenantId } });
  telling.ledger.links.set(made!.id, tenantId);
  return made!.id;
}

const buy: Doing<'buy'> = (telling, { who, anotherCustomer, price, quantity, card, trial }) => {
  const { lane, ledger } = telling;
  const tenantId = ledger.tenantIds[who]!;
  const own = lane.stripe.state.customers.all().find(({ id }) => ledger.links.get(id) === tenantId);
  const customer = own && !anotherCustomer ? own.id : makeCustomer(telling, tenantId);
  if (card !== 'none') setCard(telling, customer, card === 'good' ? GOOD : BAD);
  const ends = { charges: 'create_invoice', pauses: 'pause', cancels: 'cancel' } as const;
  ask(telling, 'post /subscriptions', '', {
    customer,
    items: [{ price, quantity }],
    ...(trial === 'none'
      ? {}
      : { trial_period_days: 10, trial_settings: { end_behavior: { missing_payment_method: ends[trial] } } }),
  });
};

const resume = toSubscription((telling, one) => {
  if (one.status === 'paused') return ask(telling, 'post /subscriptions/:id/resume', one.id);
  if (one.cancel_at_period_end) return change(telling, one, { cancel_at_period_end: false });
  return one.cancel_at !== null && change(telling, one, { cancel_at: null });
});

const pay = toSubscription((telling, one) => {
  const customer = idOf(one.customer);
  setCard(telling, customer, GOOD);
  for (const { id, status } of telling.lane.stripe.state.invoices.inGroup(customer))
    if (status === 'open') ask(telling, 'post /invoices/:id/pay', id);
});

/** The items change when the running period is over. */
const schedule = toSubscription((telling, one, act) => {
  const { price, quantity } = act as Extract<Act, { do: 'schedule' }>;
  const made = ask<Stripe.SubscriptionSchedule>(telling, 'post /subscription_schedules', '', {
    from_subscription: one.id,
  });
  const now = made?.phases[0];
  if (!made || !now) return;
  const items = one.items.data.map((item) => ({ price: item.price.id, quantity: item.quantity ?? 1 }));
  ask(telling, 'post /subscription_schedules/:id', made.id, {
    end_behavior: 'release',
    phases: [
      { start_date: now.start_date, end_date: now.end_date, items },
      { items: [{ price, quantity }], duration: { interval: 'month', interval_count: 1 } },
    ],
  });
});

const customerOf = ({ lane }: Telling, index: number) => {
  const { state } = lane.stripe;
  return nth([...state.customers.all().map(({ id }) => id), ...state.deletedCustomers], index);
};

const link: Doing<'link'> = async (telling, { customer, who }) => {
  const { lane, ledger } = telling;
  const stripeCustomerId = customerOf(telling, customer);
  const tenantId = ledger.tenantIds[who]!;
  if (stripeCustomerId === undefined) return;
  if (await operate(lane, 'post', `/api/tenants/${tenantId}/link-customer`, { stripeCustomerId }))
    ledger.links.set(stripeCustomerId, tenantId);
};

const unlink: Doing<'unlink'> = async (telling, { customer }) => {
  const { lane, ledger } = telling;
  const stripeCustomerId = customerOf(telling, customer);
  const tenantId = stripeCustomerId === undefined ? null : ledger.links.get(stripeCustomerId);
  if (stripeCustomerId === undefined || !tenantId) return;
  if (await operate(lane, 'post', `/api/tenants/${tenantId}/unlink-customer`, { stripeCustomerId }))
    ledger.links.set(stripeCustomerId, null);
};

const grant: Doing<'grant'> = async ({ lane, ledger }, { who, plan, pin, days, startsIn }) => {
  const tenantId = ledger.tenantIds[who]!;
  const starts = startsIn === 0 ? null : lane.now() + startsIn * DAY + 20 * MINUTE;
  const until = (starts ?? lane.now()) + days * DAY + 30 * MINUTE;
  const made = await operate(lane, 'post', '/api/overrides', {
    ...{ tenantId, planId: plan, pin, reason: 'A history of the model.' },
    ...{ startsAt: starts && new Date(starts).toISOString(), endsAt: new Date(until).toISOString() },
  });
  if (!made) throw new Error('The API refused an override.');
  ledger.overrides.push({ id: String(made.id), tenantId, plan, pin, from: Date.parse(String(made.startsAt)), until });
};

const endOverride: Doing<'end override'> = async ({ lane, ledger }, { override }) => {
  const one = nth(ledger.overrides, override);
  const ended = one && (await operate(lane, 'post', `/api/overrides/${one.id}/end`));
  if (ended) one.until = Date.parse(String(ended.endedAt));
};

const changeBase: Doing<'change base plan'> = async ({ lane, ledger }, { who, plan }) => {
  const tenantId = ledger.tenantIds[who]!;
  if (!(await operate(lane, 'put', `/api/tenants/${tenantId}`, { basePlanId: plan })))
    throw new Error('The API refused a base plan.');
  ledger.base.set(tenantId, plan);
};

async function setMapped({ lane, ledger }: Telling, price: MappedPrice, mapped: boolean, planId: string) {
  const others = ledger.pricesBeside(price).filter((one) => one !== price);
  const stripePriceIds = mapped ? [...others, price] : others;
  // Of several items the best that is known counts: who has another that is known is lowered.
  await insist(lane, 'put', `/api/plans/${planId}`, { stripePriceIds });
  ledger.setMapped(price, mapped);
}

const PLAN_OF: Record<MappedPrice, string> = { price_starter: 'starter', price_business: 'business' };

const replay: Doing<'replay event'> = async ({ lane }, { event }) => {
  const rows: { id: string }[] = await lane.db.query('SELECT id FROM stripe_events ORDER BY receivedAt, id');
  const one = nth(rows, event);
  if (one) await operate(lane, 'post', `/api/stripe-events/${one.id}/replay`);
};

/** What every act but `settle` does. */
export const ACTS: { [Name in Exclude<Act['do'], 'settle'>]: Doing<Name> } = {
  buy,
  swap: toSubscription((telling, one, act) => {
    const { price, quantity } = act as Extract<Act, { do: 'swap' }>;
    return change(telling, one, { items: [{ id: one.items.data[0]!.id, price, quantity }] });
  }),
  'add item': toSubscription((telling, one, act) =>
    change(telling, one, { items: [{ price: (act as Extract<Act, { do: 'add item' }>).price, quantity: 1 }] }),
  ),
  'cancel at period end': toSubscription((telling, one) => change(telling, one, { cancel_at_period_end: true })),
  'cancel at': toSubscription((telling, one, act) => {
    const { days } = act as Extract<Act, { do: 'cancel at' }>;
    return change(telling, one, { cancel_at: Math.floor((telling.lane.now() + days * DAY + 10 * MINUTE) / 1000) });
  }),
  schedule,
  'release schedule': toSubscription(
    (telling, { schedule: running }) =>
      running && ask(telling, 'post /subscription_schedules/:id/release', idOf(running)),
  ),
  'cancel now': toSubscription((telling, one) => ask(telling, 'delete /subscriptions/:id', one.id)),
  resume,
  'break card': toSubscription((telling, one) => setCard(telling, idOf(one.customer), BAD)),
  decline: toSubscription((telling, one, act) => {
    const { leaves } = act as Extract<Act, { do: 'decline' }>;
    const ended = one.status === 'canceled' || one.status === 'incomplete_expired';
    if (!ended) bank(telling.lane.stripe, one, leaves === 'unpaid' ? 'unpaid' : 'fail');
  }),
  pay,
  'pause collection': toSubscription((telling, one) =>
    change(telling, one, { pause_collection: { behavior: 'void' } }),
  ),
  'unpause collection': toSubscription((telling, one) => change(telling, one, { pause_collection: null })),
  'delete customer': (telling, { customer }) => {
    const id = customerOf(telling, customer);
    if (id !== undefined) ask(telling, 'delete /customers/:id', id);
  },
  link,
  unlink,
  grant,
  'end override': endOverride,
  'change base plan': changeBase,
  'unmap price': (telling, { price }) => setMapped(telling, price, false, PLAN_OF[price]),
  'map price': (telling, { price }) => setMapped(telling, price, true, PLAN_OF[price]),
  'pass time': ({ lane }, { days }) => lane.passTime(days * DAY + HOUR),
  reconcile: ({ lane, ledger }, { who }) => operate(lane, 'post', `/api/tenants/${ledger.tenantIds[who]}/reconcile`),
  'replay event': replay,
  sweep: ({ lane }, { mode }) => operate(lane, 'post', '/api/reconcile-runs', { mode }),
  'let Stripe fail': ({ lane }, { how, times }) => {
    lane.stripe.faults[how] += times;
  },
  'stall a reader': ({ lane }, { ms }) => lane.stallReader(ms),
  'kill worker': async ({ lane }, { worker, back }) => {
    await lane.kill(worker);
    if (back) await lane.bringBack();
  },
  'flush Redis': ({ lane }) => lane.flushRedis(),
  'cut the database': ({ lane }) => lane.cutDatabase(),
  'look away': (_telling, { ms }) => sleep(ms),
};
