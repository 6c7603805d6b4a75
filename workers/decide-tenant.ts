import { workerActor } from '../server/audit/actor';
import { decideTenant } from '../server/billing/decide-tenant';
import { inTransaction } from '../server/db/transaction';
import { finishJobs, openJobs } from '../server/jobs/settle';
import type { Processor } from './processor';

const actor = workerActor('plan');

/** `subject` is the tenant's id. */
export const decideTenantProcessor: Processor = {
  run: ({ context }, { subject }) =>
    inTransaction(context.db, async (tx) => {
      const owed = await openJobs(tx, 'decide-tenant', subject);
      await decideTenant(tx, context, subject, { actor });
      await finishJobs(tx, owed);
    }),
};
