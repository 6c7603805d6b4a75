import type { Worker } from 'bullmq';
import type { MailTransport } from '../server/emails/transport';
import type { Logger } from '../server/log';

const FIRST_PROBE_MS = 1000;
const LONGEST_PROBE_MS = 20_000;

/** Holds this process's mail worker while SMTP is away, and asks ever so often (20 s at most) whether it is back. */
export class MailPause {
  private timer?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly worker: Pick<Worker, 'pause' | 'resume'>,
    private readonly transport: Pick<MailTransport, 'verify'>,
    private readonly log: Logger,
  ) {}

  /** Called for every message that found the server away. */
  async begin(): Promise<void> {
    if (this.timer || this.stopped) return;
    this.log.warn('mail server unreachable; mail waits until it is back');
    this.schedule(FIRST_PROBE_MS);
    await this.worker.pause(true);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(pause: number): void {
    this.timer = setTimeout(() => void this.probe(pause), pause);
  }

  private async probe(pause: number): Promise<void> {
    const back = await this.transport.verify().then(
      () => true,
      () => false,
    );
    if (this.stopped) return;
    if (!back) return this.schedule(Math.min(pause * 2, LONGEST_PROBE_MS));
    this.timer = undefined;
    this.worker.resume();
    this.log.info('mail server is back');
  }
}
