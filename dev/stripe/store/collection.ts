/** What every stored Stripe object has. `created` is in seconds. */
export interface Stored {
  id: string;
  created: number;
}

interface Entry<T> {
  value: T;
  sequence: number;
  group: string | null;
}

export interface PageRequest<T> {
  limit: number;
  /** Id after which (in newest-first order) the page starts. */
  startingAfter?: string | undefined;
  /** Id before which the page ends. */
  endingBefore?: string | undefined;
  where?: (value: T) => boolean;
  /** Only what was made in this stretch of time, both ends included. */
  created?: { from: number; to: number } | undefined;
  /** Reads one group (one customer's objects) instead of all. */
  group?: string | undefined;
}

export interface Page<T> {
  data: T[];
  hasMore: boolean;
}

/** A cursor that names no object of the collection. */
export class UnknownCursorError extends Error {
  constructor(
    readonly param: 'starting_after' | 'ending_before',
    readonly cursor: string,
  ) {
    super(`No such object: '${cursor}'`);
  }
}

/**
 * Objects of one kind, by id and newest first: ordered by `created`, then by the order in which they came.
 * With `groupOf` they are also kept by group, so that one customer's objects are read without touching the rest.
 */
export class Collection<T extends Stored> {
  private readonly byId = new Map<string, Entry<T>>();
  private readonly groups = new Map<string, Entry<T>[]>();
  private order: Entry<T>[] = [];
  private sorted = true;
  private sequence = 0;

  constructor(private readonly groupOf: (value: T) => string | null = () => null) {}

  get size(): number {
    return this.byId.size;
  }

  get(id: string): T | undefined {
    return this.byId.get(id)?.value;
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** Adds an object, or replaces the one with its id (which keeps its place). */
  put(value: T): T {
    const group = this.groupOf(value);
    const known = this.byId.get(value.id);
    if (known && known.value.created === value.created && known.group === group) {
      known.value = value;
      return value;
    }
    if (known) this.delete(value.id);
    const entry: Entry<T> = { value, sequence: known?.sequence ?? this.sequence++, group };
    this.byId.set(value.id, entry);
    const last = this.order.at(-1);
    if (last && compare(last, entry) > 0) this.sorted = false;
    this.order.push(entry);
    if (group !== null) {
      const members = this.groups.get(group) ?? [];
      members.push(entry);
      members.sort(compare);
      this.groups.set(group, members);
    }
    return value;
  }

  delete(id: string): void {
    const entry = this.byId.get(id);
    if (!entry) return;
    this.byId.delete(id);
    this.order = this.order.filter((other) => other !== entry);
    this.leaveGroup(entry);
  }

  private leaveGroup(entry: Entry<T>): void {
    if (entry.group === null) return;
    const left = (this.groups.get(entry.group) ?? []).filter((other) => other !== entry);
    if (left.length > 0) this.groups.set(entry.group, left);
    else this.groups.delete(entry.group);
  }

  /** Takes away, from the oldest on, all that `goes` and is not to be kept. @returns what went */
  removeOldest(goes: (value: T) => boolean, keep: (value: T) => boolean): T[] {
    const order = this.oldestFirst();
    const end = lowerBound(order, (entry) => goes(entry.value));
    if (end === 0) return [];
    const gone = order.slice(0, end).filter((entry) => !keep(entry.value));
    const ids = new Set(gone.map((entry) => entry.value.id));
    this.order = order.filter((entry) => !ids.has(entry.value.id));
    for (const { value } of gone) {
      const entry = this.byId.get(value.id);
      this.byId.delete(value.id);
      if (entry) this.leaveGroup(entry);
    }
    return gone.map((entry) => entry.value);
  }

  clear(): void {
    this.byId.clear();
    this.groups.clear();
    this.order = [];
    this.sorted = true;
  }

  /** All objects, oldest first. */
  all(): T[] {
    return this.oldestFirst().map((entry) => entry.value);
  }

  /** One group's objects, oldest first. */
  inGroup(group: string): T[] {
    return (this.groups.get(group) ?? []).map((entry) => entry.value);
  }

  /**
   * One page, newest first, as Stripe's cursors cut it.
   * @throws UnknownCursorError where the cursor is no object of this collection
   */
  page(request: PageRequest<T>): Page<T> {
    const entries = request.group === undefined ? this.oldestFirst() : (this.groups.get(request.group) ?? []);
    const { from, to } = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, ...request.created };
    const first = lowerBound(entries, (entry) => entry.value.created < from);
    const end = lowerBound(entries, (entry) => entry.value.created <= to);
    return request.endingBefore === undefined
      ? this.newestFirst(request, entries, first, end)
      : this.towardsNewest(request, entries, first, end, this.cursor('ending_before', request.endingBefore));
  }

  /** The page of the entries from `first` up to `end` that begins at the newest, or after the cursor. */
  private newestFirst(request: PageRequest<T>, entries: Entry<T>[], first: number, end: number): Page<T> {
    const { startingAfter, where, limit } = request;
    const last =
      startingAfter === undefined ? end : this.before(entries, this.cursor('starting_after', startingAfter)) + 1;
    const data: T[] = [];
    for (let index = Math.min(end, last) - 1; index >= first; index--) {
      const { value } = entries[index]!;
      if (where && !where(value)) continue;
      if (data.length === limit) return { data, hasMore: true };
      data.push(value);
    }
    return { data, hasMore: false };
  }

  /** The page that ends just before the cursor. */
  private towardsNewest(
    request: PageRequest<T>,
    entries: Entry<T>[],
    first: number,
    end: number,
    cursor: Entry<T>,
  ): Page<T> {
    const { where, limit } = request;
    const data: T[] = [];
    for (let index = Math.max(first, this.after(entries, cursor)); index < end; index++) {
      const { value } = entries[index]!;
      if (where && !where(value)) continue;
      if (data.length === limit) return { data: data.reverse(), hasMore: true };
      data.push(value);
    }
    return { data: data.reverse(), hasMore: false };
  }

  private cursor(param: UnknownCursorError['param'], id: string): Entry<T> {
    const entry = this.byId.get(id);
    if (!entry) throw new UnknownCursorError(param, id);
    return entry;
  }

  /** Index of the newest entry older than the cursor. */
  private before(entries: Entry<T>[], cursor: Entry<T>): number {
    return lowerBound(entries, (entry) => compare(entry, cursor) < 0) - 1;
  }

  /** Index of the oldest entry newer than the cursor. */
  private after(entries: Entry<T>[], cursor: Entry<T>): number {
    return lowerBound(entries, (entry) => compare(entry, cursor) <= 0);
  }

  private oldestFirst(): Entry<T>[] {
    if (!this.sorted) {
      this.order.sort(compare);
      this.sorted = true;
    }
    return this.order;
  }
}

function compare<T extends Stored>(a: Entry<T>, b: Entry<T>): number {
  return a.value.created - b.value.created || a.sequence - b.sequence;
}

/** First index at which `goesOn` is false, in a list where it is true and then false. */
function lowerBound<E>(entries: E[], goesOn: (entry: E) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (goesOn(entries[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
