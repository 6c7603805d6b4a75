import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseStripeJson } from './json';
import type { SavedState, State } from './state';

const DEBOUNCE_MS = 150;

/** Keeps the state in one JSON file: written aside and renamed, soon after a change and at the end. */
export class StateFile {
  private timer: NodeJS.Timeout | undefined;
  private lastWriteMs = 0;
  private readonly path: string;

  constructor(
    directory: string,
    private readonly state: State,
  ) {
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, 'stripe.json');
  }

  /** Fills the state from the file, if there is one. @throws Error naming the file where it can't be read */
  read(): void {
    if (!existsSync(this.path)) return;
    try {
      this.state.restore(parseStripeJson(readFileSync(this.path, 'utf8')) as SavedState);
    } catch (cause) {
      throw new Error(`The Stripe stand-in cannot read ${this.path}: move it away to start afresh.`, { cause });
    }
  }

  /** Writes before long. A big state is written less often, so that writing never takes most of the time. */
  writeSoon(): void {
    this.timer ??= setTimeout(() => this.write(), Math.max(DEBOUNCE_MS, this.lastWriteMs * 20));
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.timer) this.write();
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const began = performance.now();
    const aside = `${this.path}.new`;
    const file = openSync(aside, 'w');
    try {
      writeFileSync(file, JSON.stringify(this.state.save()));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, this.path);
    this.lastWriteMs = performance.now() - began;
  }
}
