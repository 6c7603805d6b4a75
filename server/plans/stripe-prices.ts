import type Stripe from 'stripe';
import type { Money } from '../../domain/money-at-risk';
import { stripeUrl } from '../../domain/stripe-url';
import type { Context } from '../context';
import { invalid } from '../errors';
import { ask } from '../stripe/ask';
import { loadCatalogue } from './catalogue';

const PAGE = 100;
/** Read of the active and of the archived ones, at most; beyond it a price is found by its id. */
const MOST_PAGES = { active: 10, archived: 5 };
const SHOWN = 50;
const MOST_IDS = 50;
/** How long a reading of the account's prices serves: they change rarely, and people type. */
const KEPT_MS = 60_000;
/** Nobody has it read anew more often. */
const FRESH_MS = 5000;

export interface StripePrice {
  id: string;
  productName: string | null;
  nickname: string | null;
  /** Per unit and interval; null where the price is tiered. */
  amount: Money | null;
  interval: { unit: string; count: number } | null;
  lookupKey: string | null;
  active: boolean;
  livemode: boolean;
  /** The plan that it earns, by its id or by its lookup key. */
  planId: string | null;
  stripeUrl: string | null;
}

type Facts = Omit<StripePrice, 'planId'>;

function factsOf(price: Stripe.Price): Facts {
  const { product, recurring, unit_amount: amount } = price;
  const named = typeof product === 'string' || product.deleted ? null : product;
  return {
    id: price.id,
    productName: named?.name ?? null,
    nickname: price.nickname,
    amount: amount === null ? null : { amount, currency: price.currency },
    interval: recurring && { unit: recurring.interval, count: recurring.interval_count },
    lookupKey: price.lookup_key,
    active: price.active && named?.active !== false,
    livemode: price.livemode,
    stripeUrl: stripeUrl(price.id, price.livemode),
  };
}

interface Reading {
  at: number;
  prices: Promise<Facts[]>;
}

const readings = new WeakMap<object, Reading>();

async function readAll(stripe: Stripe): Promise<Facts[]> {
  const all: Facts[] = [];
  for (const [state, most] of Object.entries(MOST_PAGES)) {
    const filter = { active: state === 'active', limit: PAGE, expand: ['data.product'] };
    for (let page = 0, after: string | undefined; page < most; page += 1) {
      const { data, has_more } = await ask(
        stripe.prices.list({ ...filter, ...(after ? { starting_after: after } : {}) }),
      );
      all.push(...data.map(factsOf));
      after = data.at(-1)?.id;
      if (!has_more || !after) break;
    }
  }
  // Of an active price whose product is archived Stripe says that it is active.
  return [...all.filter(({ active }) => active), ...all.filter(({ active }) => !active)];
}

/** The account's prices, read once for all who ask within a while; a reading that failed is not kept. */
function pricesOf({ config }: Context, stripe: Stripe, fresh: boolean): Promise<Facts[]> {
  const kept = readings.get(config);
  const age = kept ? performance.now() - kept.at : Number.POSITIVE_INFINITY;
  if (kept && age < (fresh ? FRESH_MS : KEPT_MS)) return kept.prices;
  const reading = { at: performance.now(), prices: readAll(stripe) };
  readings.set(config, reading);
  reading.prices.catch(() => {
    if (readings.get(config) === reading) readings.delete(config);
  });
  return reading.prices;
}

async function readOne(stripe: Stripe, id: string): Promise<Facts | null> {
  const price = await ask(
    stripe.prices.retrieve(id, { expand: ['product'] }).catch((error: Stripe.errors.StripeError) => {
      if (error.code === 'resource_missing') return null;
      throw error;
    }),
  );
  return price && factsOf(price);
}

const PRICE_ID = /^price_\w+$/;

async function byIds(context: Context, stripe: Stripe, ids: readonly string[]): Promise<Facts[]> {
  const known = new Map((await pricesOf(context, stripe, false)).map((price) => [price.id, price]));
  const found: Facts[] = [];
  for (const id of ids) {
    const price = known.get(id) ?? (PRICE_ID.test(id) ? await readOne(stripe, id) : null);
    if (price) found.push(price);
  }
  return found;
}

const says = ({ id, productName, nickname, lookupKey }: Facts, words: readonly string[]): boolean => {
  const text = [id, productName, nickname, lookupKey].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
};

export interface PriceQuestion {
  /** Words of a product's name, a nickname or a lookup key, or an id. */
  q?: string | undefined;
  /** These alone, in this order; what Stripe does not know is left out. */
  ids?: string[] | undefined;
  /** Read anew: somebody has just made one at Stripe. */
  fresh?: boolean;
}

/**
 * Stripe's prices for whoever edits the catalogue, active ones first, with the plan that has each.
 * @throws ProblemError 400 for too many ids, 503 while Stripe is away or refuses our key
 */
export async function findStripePrices(
  context: Context,
  stripe: Stripe,
  { q = '', ids, fresh = false }: PriceQuestion,
): Promise<{ results: StripePrice[]; more: boolean }> {
  if (ids && ids.length > MOST_IDS) throw invalid({ ids: `At most ${MOST_IDS} at once.` });
  const asked = q.trim().slice(0, 200);
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const listed = ids
    ? await byIds(context, stripe, ids)
    : (await pricesOf(context, stripe, fresh)).filter((price) => says(price, words));
  const found = listed.length === 0 && PRICE_ID.test(asked) ? await byIds(context, stripe, [asked]) : listed;
  const catalogue = await loadCatalogue(context.db);
  const planOf = ({ id, lookupKey }: Facts) =>
    catalogue.find(({ stripePriceIds }) => stripePriceIds.includes(id)) ??
    catalogue.find(({ stripeLookupKey }) => stripeLookupKey !== null && stripeLookupKey === lookupKey);
  const results = found.slice(0, SHOWN).map((price) => ({ ...price, planId: planOf(price)?.id ?? null }));
  return { results, more: found.length > SHOWN };
}
