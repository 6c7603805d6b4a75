import type Stripe from 'stripe';
import { signatureHeader } from '../../dev/stripe/deliveries';
import type { State } from '../../dev/stripe/store/state';
import type { Mail } from './commands';

/**
 * Brings the stand-in's events to our webhook in a way that a seed can repeat: in turn, out of turn, twice, late, or
 * never. What is not taken (a 5xx, no answer) is brought again later, as Stripe does.
 */
export class Postman {
  private readonly seen = new Set<string>();
  private late: Stripe.EventBase[] = [];
  /** Events that never reach the webhook. */
  readonly dropped = new Set<string>();

  constructor(
    private readonly state: State,
    private readonly webhookUrl: string,
    private readonly secret: string,
  ) {}

  /** Takes the events that came since it was last asked, and brings them as told. */
  async bring(mail: Mail): Promise<void> {
    const fresh = this.state.events.all().filter(({ id }) => !this.seen.has(id));
    for (const { id } of fresh) this.seen.add(id);
    switch (mail) {
      case 'prompt':
        for (const event of fresh) await this.deliver(event);
        return;
      case 'shuffled':
        await this.deliverAll(interleaved(fresh));
        return;
      case 'doubled':
        await this.deliverAll(fresh.flatMap((event) => [event, event]));
        return;
      case 'late':
        this.late.push(...fresh);
        return;
      case 'dropped':
        for (const { id } of fresh) this.dropped.add(id);
    }
  }

  /** Brings all that is late or was not taken, the newest first. */
  async bringLate(): Promise<void> {
    const late = this.late.reverse();
    this.late = [];
    await this.deliverAll(late);
  }

  get owes(): boolean {
    return this.late.length > 0;
  }

  /** Every event that ever was, though Stripe itself forgets them after 30 days. */
  get all(): ReadonlySet<string> {
    return this.seen;
  }

  private async deliverAll(events: Stripe.EventBase[]): Promise<void> {
    await Promise.all(events.map((event) => this.deliver(event)));
  }

  private async deliver(event: Stripe.EventBase): Promise<void> {
    const payload = JSON.stringify(event);
    const answer = await fetch(this.webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureHeader(payload, this.secret, Math.floor(Date.now() / 1000)),
      },
      body: payload,
    }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer === null || answer.status >= 500) this.late.push(event);
    else if (!answer.ok) throw new Error(`The webhook refused ${event.id} (${event.type}) with ${answer.status}.`);
  }
}

/** Every other one from the end, then the rest from the start: no two neighbours stay together. */
const interleaved = <T>(list: T[]): T[] => [
  ...list.filter((_, index) => index % 2 === 1).reverse(),
  ...list.filter((_, index) => index % 2 === 0),
];
