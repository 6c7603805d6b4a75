/** How a launcher talks to the person who started it; `dev/console.mjs` makes one. */
export interface Steps {
  /** A line of its own. */
  note(line?: string): void;
  /** A line on standard error. */
  complain(line: string): void;
  /** Runs one step: a ticking line while it works, a lasting line with its time after. `say` changes what it reads. */
  step<T>(label: string, work: (say: (text: string) => void) => Promise<T>): Promise<T>;
}
