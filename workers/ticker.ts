import type { Logger } from '../server/log';

/** Runs `work` every `everyMs`, never twice at once; a failure is logged and the next round runs all the same. */
export class Ticker {
  private timer?: NodeJS.Timeout;
  private round?: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly log: Logger,
    private readonly work: () => Promise<unknown>,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), this.everyMs);
    this.tick();
  }

  /** Ends after the round that is running. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  private tick(): void {
    this.round ??= this.work()
      .then(
        () => undefined,
        (error) =>
          this.log.warn({ err: error, ticker: this.name }, 'a regular task failed; it runs again at its next turn'),
      )
      .finally(() => {
        this.round = undefined;
      });
  }
}
