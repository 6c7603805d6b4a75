import { createHmac } from 'node:crypto';
import type { Delivery } from './store/state';
import type { World } from './world';

const TIMEOUT_MS = 10_000;
const AT_ONCE = 4;
/** A webhook that comes twice comes again so soon. */
const AGAIN_AFTER_MS = 20;
const LONGEST_WAIT_MS = 5 * 60_000;
/** Stripe goes on trying for three days. */
const GIVE_UP_AFTER_MS = 3 * 86_400_000;

/** Signs a payload as Stripe does: `t=<seconds>,v1=<HMAC-SHA256 of "t.payload">`. */
export function signatureHeader(payload: string, secret: string, seconds: number): string {
  const signature = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex');
  return `t=${seconds},v1=${signature}`;
}

/** Brings events to the webhook endpoint: some at once, in no order, again with growing waits until they are taken. */
export class Deliveries {
  /** Ids of events that are still owed, so that the delivered ones cost nothing. */
  private readonly owed = new Set<string>();
  private readonly underWay = new Set<string>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly world: World) {
    world.onEvent = (eventId) => {
      this.owed.add(eventId);
      this.wake(0);
    };
  }

  /** Goes on with what an earlier run left. */
  start(): void {
    for (const [eventId, delivery] of this.world.state.deliveries) {
      if (delivery.state === 'pending') this.owed.add(eventId);
    }
    this.wake(0);
  }

  /** Stops; what is under way stays owed. */
  stop(): void {
    this.stopping.abort();
    clearTimeout(this.timer);
  }

  /** Owes an event anew, whatever became of it. */
  again(eventId: string): void {
    if (!this.world.options.webhookUrl || !this.world.state.events.has(eventId)) return;
    this.world.state.deliveries.set(eventId, {
      eventId,
      state: 'pending',
      copies: 1,
      owedSince: Date.now(),
      attempts: 0,
      nextAttemptAt: Date.now(),
      lastStatus: null,
      lastError: null,
    });
    this.owed.add(eventId);
    this.world.onChange();
    this.wake(0);
  }

  private wake(waitMs: number): void {
    if (this.stopping.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), waitMs);
  }

  private pump(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const eventId of this.owed) {
      const delivery = this.world.state.deliveries.get(eventId);
      if (delivery?.state !== 'pending') this.owed.delete(eventId);
      if (delivery?.state !== 'pending' || this.underWay.has(eventId)) continue;
      if (delivery.nextAttemptAt > Date.now()) earliest = Math.min(earliest, delivery.nextAttemptAt);
      else void this.attempt(delivery);
      // Whichever ends first looks again.
      if (this.underWay.size >= AT_ONCE) return;
    }
    if (earliest !== Number.POSITIVE_INFINITY) this.wake(Math.max(10, earliest - Date.now()));
  }

  private async attempt(delivery: Delivery): Promise<void> {
    const { webhookUrl, webhookSecret } = this.world.options;
    const event = this.world.state.events.get(delivery.eventId);
    if (!event || !webhookUrl) {
      this.world.state.deliveries.delete(delivery.eventId);
      return;
    }
    this.underWay.add(delivery.eventId);
    const payload = JSON.stringify(event, null, 2);
    try {
      const answer = await fetch(webhookUrl, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signatureHeader(payload, webhookSecret, Math.floor(Date.now() / 1000)),
        },
        body: payload,
        signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.arrayBuffer();
      delivery.lastStatus = answer.status;
      delivery.lastError = answer.ok ? null : `The endpoint answered ${answer.status}.`;
    } catch (error) {
      delivery.lastStatus = null;
      delivery.lastError = reasonOf(error);
    } finally {
      this.underWay.delete(delivery.eventId);
    }
    if (this.stopping.signal.aborted) return;
    this.settle(delivery, event);
    this.world.onChange();
    this.wake(0);
  }

  private settle(delivery: Delivery, event: { pending_webhooks: number }): void {
    delivery.attempts += 1;
    if (delivery.lastError === null) {
      delivery.copies -= 1;
      event.pending_webhooks = 0;
      if (delivery.copies <= 0) delivery.state = 'delivered';
      else delivery.nextAttemptAt = Date.now() + AGAIN_AFTER_MS;
    } else if (Date.now() - delivery.owedSince > GIVE_UP_AFTER_MS) {
      delivery.state = 'failed';
    } else {
      delivery.nextAttemptAt = Date.now() + Math.min(LONGEST_WAIT_MS, 500 * 2 ** (delivery.attempts - 1));
    }
  }
}

/** `fetch` hides the reason (connection refused, …) in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
