import type { EntityManager } from 'typeorm';
import { newId } from '../db/id';
import { OutboxRow } from './outbox.entity';

/** What can be owed. `subject` is: the email's id; the Stripe customer's id; the tenant's id; the plan's id. */
export type JobKind = 'send-email' | 'sync-customer' | 'decide-tenant' | 'leave-plan';

export interface OwedJob {
  kind: JobKind;
  subject: string;
  dueAt?: Date;
}

/** Writes the outbox row for a job that the change in `tx` owes. Gives the row's id. */
export async function oweJob(tx: EntityManager, { kind, subject, dueAt = new Date() }: OwedJob): Promise<string> {
  const id = newId('obx');
  await tx.insert(OutboxRow, { id, kind, subject, dueAt });
  return id;
}
