import type Redis from 'ioredis';
import { z } from 'zod';
import type { JobKind } from './outbox';

/** Every key of ours in Redis begins so; the braces keep them in one slot of a Redis Cluster. */
export const QUEUE_PREFIX = '{tenantry}';
export const OUTBOX_CHANNEL = 'tenantry:outbox';

export const QUEUE_NAMES = ['mail', 'billing'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

export const QUEUE_OF: Record<JobKind, QueueName> = {
  'send-email': 'mail',
  'sync-customer': 'billing',
  'decide-tenant': 'billing',
  'leave-plan': 'billing',
};

/** Kinds whose work settles every row of its subject that stood when it began: one job stands for all of them. */
export const SETTLES_TOGETHER: Record<JobKind, boolean> = {
  'send-email': false,
  'sync-customer': true,
  'decide-tenant': true,
  'leave-plan': true,
};

export const isJobKind = (kind: string): kind is JobKind => Object.hasOwn(QUEUE_OF, kind);

/**
 * What a job carries: its outbox row, the further rows that it stands for, and what they are about. Everything else is
 * read from the database.
 */
export const JobPayload = z.object({
  outboxId: z.string().min(1),
  alsoIds: z.array(z.string()).default([]),
  subject: z.string().min(1),
});
export type JobPayload = z.infer<typeof JobPayload>;

/**
 * Tells the relays that an outbox row was committed, so that they need not wait for their next poll. Never throws:
 * while Redis is away the poll finds the row.
 */
export async function wakeRelay(redis: Redis): Promise<void> {
  await redis.publish(OUTBOX_CHANNEL, '1').catch(() => undefined);
}
