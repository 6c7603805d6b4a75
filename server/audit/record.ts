import { createHash, hash, randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { insertMany } from '../db/bulk';
import { newId } from '../db/id';
import { isDuplicate, LostRace } from '../db/transaction';
import { type Actor, isMachine } from './actor';
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

/** Text that JSON writes as it is, between quotes. */
const SIMPLE = /^[\w :.,/@+-]*$/;

const textOf = (value: string): string => (SIMPLE.test(value) ? `"${value}"` : JSON.stringify(value));

/** The bytes that are hashed: a fixed order of fields, keys of objects sorted, so that any database gives them back. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return textOf(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (value instanceof Date) return `"${value.toISOString()}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as Record<string, unknown>;
  const names = Object.keys(fields);
  let text = '';
  for (const name of names.length > 1 ? names.sort() : names)
    if (fields[name] !== undefined) text += `${text ? ',' : ''}${textOf(name)}:${canonical(fields[name])}`;
  return `{${text}}`;
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
/** As canonical() orders the keys of an object. */
const IN_ORDER = [...HASHED].sort();

/** The hash that an entry must bear: over all its fields and the hash of the entry before it. */
export function entryHash(entry: Hashed): string {
  let text = '';
  for (const field of IN_ORDER) text += `${text ? ',' : ''}"${field}":${canonical(entry[field])}`;
  return hash('sha256', `{${text}}`);
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

/** Takes personal values out of the changes: gives the changes that go into the chain, and the values beside them. */
function splitPersonal(input: AuditInput): { changes: Changes; personal: Map<string, string> } {
  const personal = new Map<string, string>(isMachine(input.actor) ? [] : [['actor.name', input.actor.name]]);
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

/** Writes where chains end now. What is not there can't be locked: another transaction may have begun a chain, too. */
async function writeHeads(tx: EntityManager, known: ReadonlySet<string>, heads: readonly ChainHead[]): Promise<void> {
  const [there, fresh] = [
    heads.filter(({ chain }) => known.has(chain)),
    heads.filter(({ chain }) => !known.has(chain)),
  ];
  await insertMany(tx, AuditChain, there, { update: ['seq', 'hash'] });
  await insertMany(tx, AuditChain, fresh).catch((error: unknown) => {
    throw isDuplicate(error) ? new LostRace('A chain was begun by another transaction meanwhile.') : error;
  });
}

/**
 * Appends entries to their chains, in the transaction (inTransaction's) that makes the changes. Call it last: the heads
 * of the chains stay locked until the transaction ends.
 */
export async function recordAudits(tx: EntityManager, inputs: readonly AuditInput[]): Promise<void> {
  const chains = [...new Set(inputs.map(chainOf))].sort();
  if (chains.length === 0) return;
  const locked: ChainHead[] = await tx.query(
    'SELECT chain, seq, hash FROM audit_chains FORCE INDEX (PRIMARY) WHERE chain IN (?) ORDER BY chain FOR UPDATE',
    [chains],
  );
  const known = new Set(locked.map(({ chain }) => chain));
  const heads = new Map(chains.map((chain): [string, ChainHead] => [chain, { chain, seq: 0, hash: '' }]));
  for (const head of locked) heads.set(head.chain, head);
  const at = new Date();
  const chained = inputs.map((input) => {
    const next = chainEntry(heads.get(chainOf(input))!, input, at);
    heads.set(next.head.chain, next.head);
    return next;
  });
  await writeHeads(tx, known, [...heads.values()]);
  await insertMany<AuditEntry>(
    tx,
    AuditEntry,
    chained.map(({ entry }) => entry),
  );
  await insertMany(
    tx,
    AuditPersonal,
    chained.flatMap(({ personal }) => personal),
  );
}

/** Appends one entry to its chain; see recordAudits. */
export const recordAudit = (tx: EntityManager, input: AuditInput): Promise<void> => recordAudits(tx, [input]);

/** The cheap answer for what most fields are. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (a == null && b == null)) return true;
  if (a instanceof Date && b instanceof Date) return +a === +b;
  return typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b);
}

/** The before and after of those `fields` that differ. */
export function changesBetween<T extends object>(
  before: Partial<T>,
  after: Partial<T>,
  fields: readonly (keyof T & string)[],
): Changes {
  const changes: Changes = {};
  for (const field of fields) {
    if (!isSame(before[field], after[field])) changes[field] = { from: before[field], to: after[field] };
  }
  return changes;
}
