import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from './lane';

type Body = Record<string, unknown>;

/** What the API answered: the record, or null where it refused (4xx). */
export type Answered = Record<string, unknown> | null;

const TRIES = 8;

/** Asks the operator API; where Stripe is away just then, again, as a person would. Throws where it goes on failing. */
async function ask(
  lane: Lane,
  method: 'post' | 'put',
  path: string,
  body: Body,
): Promise<{ status: number; record: Body }> {
  for (let tries = 1; ; tries += 1) {
    const { status, body: record } = await lane.operator[method](path).send(body);
    if (status < 500) return { status, record };
    if (status !== 503 || tries === TRIES) throw refusal(method, path, status, record);
    await sleep(30);
  }
}

const refusal = (method: string, path: string, status: number, record: unknown) =>
  new Error(`${method.toUpperCase()} ${path} answered ${status}: ${JSON.stringify(record)}`);

/** Has the operator API do something; gives null where it refuses. */
export async function operate(lane: Lane, method: 'post' | 'put', path: string, body: Body = {}): Promise<Answered> {
  const { status, record } = await ask(lane, method, path, body);
  return status < 400 ? record : null;
}

/** The same where nothing speaks against it but that tenants are lowered: then what it asks for is typed. */
export async function insist(lane: Lane, method: 'post' | 'put', path: string, body: Body): Promise<Body> {
  const { status, record } = await ask(lane, method, path, body);
  if (status < 400) return record;
  const phrase =
    record.code === 'confirm_needed' ? /\{"confirm": "(.+)"\}/.exec(String(record.detail))?.[1] : undefined;
  if (!phrase || body.confirm) throw refusal(method, path, status, record);
  return insist(lane, method, path, { ...body, confirm: phrase });
}
