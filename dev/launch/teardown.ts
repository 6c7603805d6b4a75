import type { Steps } from './steps';

/** What stops first: the product, then what it talks to, then where its data is. */
const ORDER = ['product', 'stand-ins', 'services'] as const;
export type Stage = (typeof ORDER)[number];

/** Ctrl-C reaches npm and us, and npm passes it on: what comes so soon after the first is its echo. */
const ECHO_MS = 700;
const PARENT_POLL_MS = 200;

interface Stoppable {
  label: string;
  stop(impatient: () => boolean): Promise<void>;
}

/** All that a launcher has started, and the one way to stop it again, in order. */
export class Teardown {
  private readonly stages = new Map<Stage, Stoppable[]>(ORDER.map((stage) => [stage, []]));
  private stopped?: Promise<void>;
  private hurried = false;

  constructor(private readonly steps: Steps) {}

  get stopping(): boolean {
    return this.stopped !== undefined;
  }

  /** Has it stopped with the others of its stage. What comes up while all is being stopped is stopped at once. */
  async add(stage: Stage, one: Stoppable): Promise<void> {
    if (this.stopping) await one.stop(() => true);
    else this.stages.get(stage)?.push(one);
  }

  /** Stops everything, once however often it is called. A fault of one does not keep the others running. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** Don't wait for work that is under way any longer. */
  hurry(): void {
    this.hurried = true;
  }

  private async stopAll(): Promise<void> {
    for (const stage of ORDER) {
      const all = this.stages.get(stage) ?? [];
      if (all.length === 0) continue;
      await this.steps.step(`Stopping ${all.map(({ label }) => label).join(', ')}`, async (say) => {
        const results = await Promise.allSettled(all.map((one) => one.stop(() => this.hurried)));
        for (const result of results) if (result.status === 'rejected') this.steps.complain(String(result.reason));
        say(`Stopped ${all.map(({ label }) => label).join(', ')}`);
      });
    }
  }
}

/**
 * Ctrl-C, SIGTERM and a closed terminal stop everything and exit with `code()`; a second one hurries.
 * npm's own death counts as well: it is killed by a signal that it can't always pass on.
 */
export function stopOnSignal(steps: Steps, teardown: Teardown, finish: (signal: string) => Promise<never>): void {
  let first: number | undefined;
  const heard = (signal: string) => {
    if (first) {
      if (Date.now() - first > ECHO_MS) teardown.hurry();
      return;
    }
    first = Date.now();
    steps.note(`\n${signal}: stopping. Once more to hurry.`);
    void finish(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => heard(signal));
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !first) heard('npm is gone');
  }, PARENT_POLL_MS).unref();
}
