import type { Job } from 'bullmq';
import type Stripe from 'stripe';
import { In } from 'typeorm';
import type { Context } from '../server/context';
import type { MailTransport } from '../server/emails/transport';
import type { JobKind } from '../server/jobs/outbox';
import { OutboxRow } from '../server/jobs/outbox.entity';
import { JobPayload } from '../server/jobs/queues';
import { GiveUp, putOffJob, RetrySoon } from '../server/jobs/settle';

/** What the processors work with; made once in main. */
export interface Tools {
  context: Context;
  stripe: Stripe;
  transport: MailTransport;
}

export interface Processor {
  /** Does the work and marks its outbox rows as done in its own final transaction. */
  run: (tools: Tools, payload: JobPayload) => Promise<void>;
  /** What else follows from a failure after which the job is tried again. */
  putOff?: (tools: Tools, payload: JobPayload, reason: string) => Promise<void>;
  /** What else follows from a failure that ended the job for good. */
  failed?: (tools: Tools, payload: JobPayload, reason: string) => Promise<void>;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Runs one job: nothing where its outbox rows are settled by now; a failure puts them off and is thrown on. */
export async function processJob(
  tools: Tools,
  processors: Partial<Record<JobKind, Processor>>,
  job: Pick<Job, 'name' | 'data'>,
): Promise<void> {
  const { db, log } = tools.context;
  const processor = processors[job.name as JobKind];
  const payload = JobPayload.parse(job.data);
  if (!processor) throw new GiveUp(`No processor for jobs of the kind "${job.name}".`);
  const ids = [payload.outboxId, ...payload.alsoIds];
  if (!(await db.getRepository(OutboxRow).existsBy({ id: In(ids), status: 'open' }))) return;
  try {
    await processor.run(tools, payload);
  } catch (error) {
    const status = await putOffJob(db, ids, error);
    const facts = { err: error, kind: job.name, outboxId: payload.outboxId, subject: payload.subject };
    if (status === 'failed') {
      log.error(facts, 'job failed for good');
      await processor.failed?.(tools, payload, messageOf(error));
    } else if (error instanceof RetrySoon) log.debug(facts, 'job put off');
    else {
      log.warn(facts, 'job failed; trying again');
      await processor.putOff?.(tools, payload, messageOf(error));
    }
    throw error;
  }
}
