import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { newId } from '../db/id';
import type { Actor } from './actor';
import { AuditChain, AuditEntry, AuditPersonal } from './audit.entity';

export type Changes = Record<string, { from: unknown; to: unknown }>;

export interface AuditInput {
  actor: Actor;
  /** `tenant.suspend`, `invitation.resend`, … */
  action: string;
  /** The operator API's name of the resource: `tenants`, `invitations`, … */
  resource: string;
  resourceId: string;
  tenantId?: string | null;
  changes?: Changes;
  reason?: string | null;
}

/** Fields whose values are personal: they stand beside the entry, and the entry holds their salted hash. */
const PERSONAL = new Set(['email', 'name', 'to', 'invitedByName', 'acceptedEmail', 'profileName']);
const PERSONAL_RESOURCES = new Set(['users', 'invitations', 'operators', 'memberships', 'emails']);

/** The bytes that are hashed: a fixed order of fields, keys of objects sorted, so that any database gives them back. */
export function canonical(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

export const personalHash = (salt: string, value: string): string =>
  createHash('sha256').update(salt).update('\0').update(value).digest('hex');

export type Hashed = Omit<AuditEntry, 'hash' | 'id'> & { id: string };

const HASHED = [
  'id',
  'chain',
  'seq',
  'at',
  'actorType',
  'actorId',
  'action',
  'resource',
  'resourceId',
  'tenantId',
  'changes',
  'reason',
  'requestId',
  'personalHashes',
  'prevHash',
] as const satisfies (keyof Hashed)[];

/** The hash that an entry must bear: over all its fields and the hash of the entry before it. */
export const entryHash = (entry: Hashed): string =>
  createHash('sha256')
    .update(canonical(Object.fromEntries(HASHED.map((field) => [field, entry[field]]))))
    .digest('hex');

const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

/** Takes personal values out of the changes: gives the changes that go into the chain, and the values beside them. */
function splitPersonal(input: AuditInput): { changes: Changes; personal: Map<string, string> } {
  const personal = new Map<string, string>([['actor.name', input.actor.name]]);
  if (input.actor.ip) personal.set('actor.ip', input.actor.ip);
  const changes: Changes = {};
  for (const [field, { from, to }] of Object.entries(input.changes ?? {})) {
    const hide = PERSONAL.has(field) && PERSONAL_RESOURCES.has(input.resource);
    const side = (which: 'from' | 'to', value: unknown) => {
      if (!hide || value === null || value === undefined || value === '') return plain(value);
      personal.set(`${field}.${which}`, String(value));
      return { personal: `${field}.${which}` };
    };
    changes[field] = { from: side('from', from), to: side('to', to) };
  }
  return { changes, personal };
}

/** The end of a chain: how many entries it has, and the hash of the last. */
export interface ChainHead {
  chain: string;
  seq: number;
  hash: string;
}

export interface ChainedEntry {
  entry: Hashed & { hash: string };
  personal: Pick<AuditPersonal, 'entryId' | 'field' | 'salt' | 'value'>[];
  head: ChainHead;
}

/** The tenant's chain, or the resource's outside tenants. */
export const chainOf = ({ tenantId, resource }: Pick<AuditInput, 'tenantId' | 'resource'>): string =>
  tenantId ?? resource;

/** Makes the entry that follows `head`, with the personal values that stand beside it; pure but for its id and salts. */
export function chainEntry(head: ChainHead, input: AuditInput, at: Date): ChainedEntry {
  const { changes, personal } = splitPersonal(input);
  const id = newId('aud');
  const values = [...personal].map(([field, value]) => ({
    entryId: id,
    field,
    value: value.slice(0, 500),
    salt: randomBytes(16).toString('hex'),
  }));
  const unhashed: Hashed = {
    id,
    chain: head.chain,
    seq: head.seq + 1,
    at,
    actorType: input.actor.type,
    actorId: input.actor.id,
    action: input.action,
    resource: input.resource,
    resourceId: input.resourceId,
    tenantId: input.tenantId ?? null,
    changes,
    reason: input.reason ?? null,
    requestId: input.actor.requestId ?? null,
    personalHashes: Object.fromEntries(values.map(({ field, salt, value }) => [field, personalHash(salt, value)])),
    prevHash: head.hash,
  };
  const hash = entryHash(unhashed);
  return { entry: { ...unhashed, hash }, personal: values, head: { chain: head.chain, seq: unhashed.seq, hash } };
}

/**
 * Appends one entry to its chain, in the transaction that makes the change. Call it last: the chain's head stays
 * locked until the transaction ends.
 */
export async function recordAudit(tx: EntityManager, input: AuditInput): Promise<void> {
  const chain = chainOf(input);
  await tx.query('INSERT IGNORE INTO audit_chains (chain, seq, hash) VALUES (?, 0, ?)', [chain, '']);
  const head = await tx.findOneOrFail(AuditChain, { where: { chain }, lock: { mode: 'pessimistic_write' } });
  const { entry, personal, head: next } = chainEntry(head, input, new Date());
  await tx.getRepository(AuditEntry).insert(entry as QueryDeepPartialEntity<AuditEntry>);
  await tx.insert(AuditPersonal, personal);
  await tx.update(AuditChain, { chain }, { seq: next.seq, hash: next.hash });
}

/** The before and after of those `fields` that differ. */
export function changesBetween<T extends object>(
  before: Partial<T>,
  after: Partial<T>,
  fields: readonly (keyof T & string)[],
): Changes {
  const changes: Changes = {};
  for (const field of fields) {
    if (canonical(before[field]) !== canonical(after[field]))
      changes[field] = { from: before[field], to: after[field] };
  }
  return changes;
}
