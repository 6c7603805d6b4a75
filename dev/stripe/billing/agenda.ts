/** Something that time brings: when, and what is done then. */
export interface Moment {
  /** Seconds since 1970. */
  at: number;
  act: () => void;
}

interface Entry {
  at: number;
  order: number;
  steps: number;
  next: () => Moment | null;
}

/**
 * What is due, in the order of time. Each entry tells its next moment, and is asked again after it; of two at the same
 * time, the one that was added first comes first. A binary heap, so that many thousand renewals cost little.
 */
export class Agenda {
  private readonly heap: Entry[] = [];
  private added = 0;

  /**
   * @param until what is due later waits for another agenda
   * @param mostSteps so often at most one entry's moments are done
   */
  constructor(
    private readonly until: number,
    private readonly mostSteps: number,
  ) {}

  /** Takes in whatever has a moment that falls due until the agenda's end. */
  add(next: () => Moment | null): void {
    this.place({ at: 0, order: this.added++, steps: 0, next });
  }

  /** Does all that is due, with what follows from it. `run` is given one moment after the other. */
  work(run: (moment: Moment) => void): void {
    for (let entry = this.take(); entry; entry = this.take()) {
      const moment = entry.next();
      if (!moment || moment.at > this.until) continue;
      // What happened since may have put it off.
      if (moment.at === entry.at) {
        run(moment);
        entry.steps += 1;
      }
      if (entry.steps < this.mostSteps) this.place(entry);
    }
  }

  private place(entry: Entry): void {
    const moment = entry.next();
    if (!moment || moment.at > this.until) return;
    entry.at = moment.at;
    let place = this.heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.isBefore(place, parent)) return;
      this.swap(place, parent);
      place = parent;
    }
  }

  private take(): Entry | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || this.heap.length === 0) return first;
    this.heap[0] = last;
    for (let place = 0; ; ) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.heap.length && this.isBefore(child, least)) least = child;
      }
      if (least === place) return first;
      this.swap(place, least);
      place = least;
    }
  }

  private isBefore(one: number, other: number): boolean {
    const [a, b] = [this.heap[one]!, this.heap[other]!];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private swap(one: number, other: number): void {
    [this.heap[one], this.heap[other]] = [this.heap[other]!, this.heap[one]!];
  }
}
