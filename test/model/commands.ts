import fc from 'fast-check';

/** How Stripe's events about a step reach us. */
export type Mail = 'prompt' | 'shuffled' | 'doubled' | 'late' | 'dropped';

export const PRICES = ['price_starter', 'price_team', 'price_business', 'price_business_year', 'price_addon'] as const;
export type PriceId = (typeof PRICES)[number];
/** Prices that an operator takes out of their plan, and puts back. */
export const MAPPED = ['price_starter', 'price_business'] as const;
export type MappedPrice = (typeof MAPPED)[number];

/** `sub`, `customer` and `override` count through those that there are; a step that finds none does nothing. */
export type Act =
  | {
      do: 'buy';
      who: number;
      anotherCustomer: boolean;
      price: PriceId;
      quantity: number;
      card: 'good' | 'declined' | 'none';
      trial: 'none' | 'charges' | 'pauses' | 'cancels';
    }
  | { do: 'swap'; sub: number; price: PriceId; quantity: number }
  | { do: 'add item'; sub: number; price: PriceId }
  | { do: 'cancel at period end'; sub: number }
  | { do: 'cancel at'; sub: number; days: number }
  | { do: 'cancel now'; sub: number }
  | { do: 'resume'; sub: number }
  | { do: 'break card'; sub: number }
  | { do: 'decline'; sub: number; leaves: 'past_due' | 'unpaid' }
  | { do: 'pay'; sub: number }
  | { do: 'pause collection'; sub: number }
  | { do: 'unpause collection'; sub: number }
  | { do: 'delete customer'; customer: number }
  | { do: 'link'; customer: number; who: number }
  | { do: 'unlink'; customer: number }
  | { do: 'grant'; who: number; plan: string; pin: boolean; days: number; startsIn: number }
  | { do: 'end override'; override: number }
  | { do: 'change base plan'; who: number; plan: string }
  | { do: 'unmap price'; price: MappedPrice }
  | { do: 'map price'; price: MappedPrice }
  | { do: 'pass time'; days: number }
  | { do: 'reconcile'; who: number }
  | { do: 'replay event'; event: number }
  | { do: 'sweep'; mode: 'apply' | 'dry-run' }
  | { do: 'schedule'; sub: number; price: PriceId; quantity: number }
  | { do: 'release schedule'; sub: number }
  | { do: 'let Stripe fail'; times: number; how: 'failNext' | 'rateLimitNext' | 'lockTimeoutNext' | 'timeoutNext' }
  | { do: 'stall a reader'; ms: number }
  | { do: 'kill worker'; worker: number; back: boolean }
  | { do: 'flush Redis' }
  | { do: 'cut the database' }
  | { do: 'look away'; ms: number }
  | { do: 'settle' };

export interface Step {
  act: Act;
  mail: Mail;
}

export interface History {
  /** One of the two workers is a process of its own, so that it can be killed with SIGKILL. */
  forked: boolean;
  /** What becomes of a subscription that nobody pays for. */
  dunning: 'canceled' | 'past_due' | 'unpaid';
  steps: Step[];
}

const nth = fc.nat({ max: 7 });
const who = fc.nat({ max: 1 });
const price = fc.constantFrom(...PRICES);
const mapped = fc.constantFrom(...MAPPED);
const quantity = fc.integer({ min: 1, max: 9 });
const days = fc.integer({ min: 1, max: 24 });
const plain = <Do extends Act['do']>(name: Do) => fc.constant(name);

const buy = fc.record({
  do: plain('buy'),
  who,
  anotherCustomer: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  price,
  quantity,
  card: fc.constantFrom('good', 'good', 'good', 'good', 'declined', 'none'),
  trial: fc.constantFrom('none', 'none', 'none', 'charges', 'pauses', 'cancels'),
}) as fc.Arbitrary<Act>;

const ofSubscription = (...names: Act['do'][]): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constantFrom(...names), sub: nth }) as fc.Arbitrary<Act>;

const WEIGHED: [number, fc.Arbitrary<Act>][] = [
  [9, buy],
  [6, fc.record({ do: plain('swap'), sub: nth, price, quantity })],
  [2, fc.record({ do: plain('add item'), sub: nth, price })],
  [3, ofSubscription('cancel at period end')],
  [1, fc.record({ do: plain('cancel at'), sub: nth, days })],
  [2, fc.record({ do: plain('schedule'), sub: nth, price, quantity })],
  [1, ofSubscription('release schedule')],
  [2, ofSubscription('cancel now')],
  [2, ofSubscription('resume')],
  [3, ofSubscription('break card')],
  [3, fc.record({ do: plain('decline'), sub: nth, leaves: fc.constantFrom('past_due', 'past_due', 'unpaid') })],
  [3, ofSubscription('pay')],
  [2, ofSubscription('pause collection', 'unpause collection')],
  [1, fc.record({ do: plain('delete customer'), customer: nth })],
  [2, fc.record({ do: plain('link'), customer: nth, who })],
  [2, fc.record({ do: plain('unlink'), customer: nth })],
  [
    3,
    fc.record({
      do: plain('grant'),
      who,
      plan: fc.constantFrom('starter', 'partner', 'business', 'contract'),
      pin: fc.boolean(),
      days,
      startsIn: fc.constantFrom(0, 0, 3),
    }),
  ],
  [1, fc.record({ do: plain('end override'), override: nth })],
  [2, fc.record({ do: plain('change base plan'), who, plan: fc.constantFrom('free', 'partner') })],
  [3, fc.record({ do: plain('unmap price'), price: mapped })],
  [2, fc.record({ do: plain('map price'), price: mapped })],
  [8, fc.record({ do: plain('pass time'), days })],
  [1, fc.record({ do: plain('reconcile'), who })],
  [1, fc.record({ do: plain('replay event'), event: nth })],
  [1, fc.record({ do: plain('sweep'), mode: fc.constantFrom('apply', 'apply', 'dry-run') })],
  [
    2,
    fc.record({
      do: plain('let Stripe fail'),
      times: fc.integer({ min: 1, max: 3 }),
      how: fc.constantFrom('failNext', 'rateLimitNext', 'lockTimeoutNext', 'timeoutNext'),
    }),
  ],
  [4, fc.record({ do: plain('stall a reader'), ms: fc.constantFrom(100, 250) })],
  [2, fc.record({ do: plain('kill worker'), worker: fc.nat({ max: 1 }), back: fc.boolean() })],
  [1, fc.constant<Act>({ do: 'flush Redis' })],
  [1, fc.constant<Act>({ do: 'cut the database' })],
  [4, fc.record({ do: plain('look away'), ms: fc.constantFrom(5, 20, 60) })],
  [3, fc.constant<Act>({ do: 'settle' })],
];

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(...WEIGHED.map(([weight, arbitrary]) => ({ weight, arbitrary }))),
  mail: fc.constantFrom<Mail>('prompt', 'prompt', 'shuffled', 'doubled', 'late', 'dropped'),
});

/** Half of the histories begin with somebody who pays, and of whom we know. */
const beginning: fc.Arbitrary<Step[]> = fc
  .option(fc.record({ price: mapped, quantity }), { nil: null, freq: 2 })
  .map((bought) =>
    bought === null
      ? []
      : [
          {
            act: { do: 'buy', who: 0, anotherCustomer: false, card: 'good', trial: 'none', ...bought },
            mail: 'prompt',
          },
          { act: { do: 'settle' }, mail: 'prompt' },
        ],
  );

const steps = fc
  .tuple(beginning, fc.array(step, { minLength: 4, maxLength: 14, size: 'max' }))
  .map(([first, others]) => [...first, ...others]);

const SIGKILL: Step = { act: { do: 'kill worker', worker: 1, back: false }, mail: 'prompt' };

/** Histories of two tenants; in one of `oneForkedIn` a worker is a process of its own, which is killed on the way. */
export const histories = (oneForkedIn: number): fc.Arbitrary<History> =>
  fc
    .record({
      killAt: fc.nat({ max: 15 }),
      forked: fc.oneof(
        { weight: oneForkedIn - 1, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
      dunning: fc.constantFrom<History['dunning']>('past_due', 'canceled', 'unpaid'),
      steps,
    })
    .map(({ killAt, forked, dunning, steps: told }) => ({
      ...{ forked, dunning },
      steps: forked ? told.toSpliced(killAt, 0, SIGKILL) : told,
    }));
