import type Stripe from 'stripe';
import type { Dunning } from './billing/dunning';
import { Dice, type Faults, NO_FAULTS } from './faults';
import { present } from './http/present';
import { Limits } from './http/trouble';
import type { Collection, Stored } from './store/collection';
import { newId } from './store/ids';
import { snapshot } from './store/json';
import { State } from './store/state';

/** The only API version that the stand-in speaks: the one that the installed SDK pins. */
export const API_VERSION = '2026-10-28.endive';

export interface WorldOptions {
  secretKey: string;
  webhookUrl: string | undefined;
  webhookSecret: string;
  /** Seconds since 1970; tests move time with it. */
  now: () => number;
  /** Age in seconds below which search does not find a customer yet: Stripe's search lags by about a minute. */
  searchLagSeconds: number;
  /** More requests a second than this to one endpoint get 429; 0 for no limit. */
  maxRequestsPerSecond: number;
  dunning: Dunning;
}

/** Deliveries of shuffled webhooks are spread over so many milliseconds. */
const SHUFFLE_MS = 250;

/** The state together with what changes it: the clock, events, and the request that is being answered. */
export class World {
  readonly state = new State();
  readonly faults: Faults;
  readonly apiDice: Dice;
  readonly webhookDice: Dice;
  readonly limits = new Limits();
  /** API requests that an endpoint answered, since the start or the last reset. */
  readonly requestCounts = new Map<string, number>();
  /** API requests that a fault or the rate limit turned away, by endpoint. */
  readonly refusedCounts = new Map<string, number>();
  /** The API request being answered; null while a hosted page or the clock acts. */
  request: Stripe.Event.Request | null = null;
  /** Base of the hosted pages; known once the server listens. */
  hostedAt = '';
  /** Told of every change and every new event. */
  onChange: () => void = () => {};
  onEvent: (eventId: string) => void = () => {};

  dunning: Dunning;
  /** While the past is caught up with, the time that is being lived through. */
  private moment: number | null = null;
  /** When the newest event was made: time never runs backwards. */
  private latest = 0;
  /** How far what time brings was done. */
  livedUntil: number;

  constructor(readonly options: WorldOptions) {
    this.faults = { ...NO_FAULTS, maxRequestsPerSecond: options.maxRequestsPerSecond };
    this.dunning = options.dunning;
    this.livedUntil = options.now();
    this.apiDice = new Dice(this.faults, 1);
    this.webhookDice = new Dice(this.faults, 2);
  }

  /** Switches all trouble off, and forgets what was counted. */
  calmDown(): void {
    Object.assign(this.faults, NO_FAULTS, { maxRequestsPerSecond: this.options.maxRequestsPerSecond });
    this.apiDice.restart();
    this.webhookDice.restart();
    this.requestCounts.clear();
    this.refusedCounts.clear();
    this.dunning = this.options.dunning;
    this.latest = 0;
    this.livedUntil = this.now();
  }

  /** Seconds since 1970. */
  now(): number {
    return this.moment ?? Math.floor(this.options.now() + this.state.clockOffset);
  }

  /** Does something as of a time that has passed, but after all that has happened. */
  at(seconds: number, act: () => void): void {
    this.moment = null;
    this.moment = Math.min(this.now(), Math.max(seconds, this.latest));
    try {
      act();
    } finally {
      this.moment = null;
    }
  }

  /** Records an event with a snapshot of its object, and owes it to the webhook endpoint, if there is one. */
  emit(type: Stripe.Event.Type, object: Stored, previous?: Record<string, unknown>): void {
    const event: Stripe.EventBase = {
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.now(),
      data: { object: snapshot(present(object)), ...(previous ? { previous_attributes: previous } : {}) },
      livemode: false,
      pending_webhooks: this.options.webhookUrl ? 1 : 0,
      request: this.request ?? { id: null, idempotency_key: null },
      type,
    };
    this.latest = Math.max(this.latest, event.created);
    this.state.events.put(event);
    if (this.options.webhookUrl) this.oweWebhook(event.id);
    this.onChange();
  }

  private oweWebhook(eventId: string): void {
    const { faults, webhookDice } = this;
    const shuffle = faults.shuffleWebhooks ? webhookDice.roll() * SHUFFLE_MS : 0;
    const lost = webhookDice.hits(faults.dropShare) || faults.dropWebhooks;
    this.state.deliveries.set(eventId, {
      eventId,
      state: lost ? 'dropped' : 'pending',
      copies: webhookDice.hits(faults.duplicateShare) ? 2 : 1,
      owedSince: Date.now(),
      attempts: 0,
      nextAttemptAt: Date.now() + faults.webhookDelayMs + shuffle,
      lastStatus: null,
      lastError: null,
    });
    this.onEvent(eventId);
  }

  /** Changes a stored object and, where that changed anything, emits the event with the previous values. */
  change<T extends Stored>(
    collection: Collection<T>,
    object: T,
    type: Stripe.Event.Type,
    mutate: (object: T) => void,
  ): T {
    const before = snapshot(object);
    mutate(object);
    collection.put(object);
    const previous = differences(before, object);
    if (Object.keys(previous).length > 0) this.emit(type, object, previous);
    return object;
  }

  /** `change` for the collection that changes most. */
  changeSubscription(
    subscription: Stripe.Subscription,
    mutate: (subscription: Stripe.Subscription) => void,
    type: Stripe.Event.Type = 'customer.subscription.updated',
  ): Stripe.Subscription {
    return this.change(this.state.subscriptions, subscription, type, mutate);
  }
}

/** The top-level values that were different before. */
function differences(before: object, after: object): Record<string, unknown> {
  const now = new Map(Object.entries(snapshot(after)));
  const previous: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(before)) {
    if (JSON.stringify(value) !== JSON.stringify(now.get(key))) previous[key] = value;
    now.delete(key);
  }
  for (const [key, value] of now) if (value !== undefined) previous[key] = null;
  return previous;
}
