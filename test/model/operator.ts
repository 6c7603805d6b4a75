import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from './lane';

type Body = Record<string, unknown>;

/** What the API answered: the record, or null where it refused (4xx). */
export type Answered = Record<string, unknown> | null;

const TRIES = 8;

/**
 * Asks the operator API; where Stripe is away just then, again, as a person would.
 * @throws Error where it goes on failing, or fails otherwise
 */
export async function operate(lane: Lane, method: 'post' | 'put', path: string, body: Body = {}): Promise<Answered> {
  for (let tries = 1; ; tries += 1) {
    const { status, body: record } = await lane.operator[method](path).send(body);
    if (status < 400) return record as Record<string, unknown>;
    if (status < 500) return null;
    if (status !== 503 || tries === TRIES)
      throw new Error(`${method.toUpperCase()} ${path} answered ${status}: ${JSON.stringify(record)}`);
    await sleep(30);
  }
}
