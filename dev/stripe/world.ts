import type Stripe from 'stripe';
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
}

/** Trouble that can be switched on, to see how the caller bears it. */
export interface Faults {
  /** Webhooks of new events are lost for good. */
  dropWebhooks: boolean;
  webhookDelayMs: number;
  apiDelayMs: number;
  /** So many of the next API requests get 429. */
  rateLimitNext: number;
  /** So many of the next API requests get 500. */
  failNext: number;
}

export const NO_FAULTS: Faults = {
  dropWebhooks: false,
  webhookDelayMs: 0,
  apiDelayMs: 0,
  rateLimitNext: 0,
  failNext: 0,
};

/** The state together with what changes it: the clock, events, and the request that is being answered. */
export class World {
  readonly state = new State();
  readonly faults: Faults = { ...NO_FAULTS };
  /** API requests by endpoint, since the start or the last reset. */
  readonly requestCounts = new Map<string, number>();
  /** The API request being answered; null while a hosted page or the clock acts. */
  request: Stripe.Event.Request | null = null;
  /** Base of the hosted pages; known once the server listens. */
  hostedAt = '';
  /** Told of every change and every new event. */
  onChange: () => void = () => {};
  onEvent: (eventId: string) => void = () => {};

  constructor(readonly options: WorldOptions) {}

  /** Seconds since 1970. */
  now(): number {
    return this.options.now();
  }

  /** Records an event with a snapshot of its object, and owes it to the webhook endpoint, if there is one. */
  emit(type: Stripe.Event.Type, object: Stored, previous?: Record<string, unknown>): void {
    const event: Stripe.EventBase = {
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.now(),
      data: { object: snapshot(object), ...(previous ? { previous_attributes: previous } : {}) },
      livemode: false,
      pending_webhooks: this.options.webhookUrl ? 1 : 0,
      request: this.request ?? { id: null, idempotency_key: null },
      type,
    };
    this.state.events.put(event);
    if (this.options.webhookUrl) {
      this.state.deliveries.set(event.id, {
        eventId: event.id,
        state: this.faults.dropWebhooks ? 'dropped' : 'pending',
        attempts: 0,
        nextAttemptAt: Date.now() + this.faults.webhookDelayMs,
        lastStatus: null,
        lastError: null,
      });
      this.onEvent(event.id);
    }
    this.onChange();
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
