import type { Context } from '../context';
import { type Incoming, receiveEvents } from './receive-event';

/** Below the 16 MB that MariaDB takes in one statement by default, with room for escapes. */
const MAX_BATCH_BYTES = 4 << 20;
const MAX_BATCH = 200;
/** Commits under way at once: while the disk writes one, the next is made. */
const LANES = 2;

interface Waiting {
  incoming: Incoming;
  resolve: (isNew: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * Stores events that arrive together in one commit: what comes while transactions are under way waits for the next.
 * Durable commits cost the disk's time, not the row's, so the more arrive at once the less each costs.
 */
export class EventInbox {
  private waiting: Waiting[] = [];
  private lanes = 0;

  /** @param stored told after each commit that brought something new */
  constructor(
    private readonly context: Context,
    private readonly stored: () => void,
  ) {}

  /** Resolves when the event's transaction is committed: true where it was new. Rejects where it could not be stored. */
  receive(incoming: Incoming): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ incoming, resolve, reject });
      if (this.lanes === LANES) return;
      this.lanes += 1;
      // Not at once: what else has come in by now goes along.
      setImmediate(() => void this.store());
    });
  }

  private take(): Waiting[] {
    let bytes = 0;
    const over = this.waiting.findIndex(({ incoming }, index) => {
      bytes += incoming.payload.length;
      return index > 0 && (bytes > MAX_BATCH_BYTES || index >= MAX_BATCH);
    });
    return this.waiting.splice(0, over === -1 ? this.waiting.length : over);
  }

  private async store(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        const outcomes = await receiveEvents(
          this.context,
          batch.map(({ incoming }) => incoming),
          'webhook',
        );
        if (outcomes.includes(true)) this.stored();
        for (const [index, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[index]!;
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.lanes -= 1;
  }
}
