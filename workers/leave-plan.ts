import { openJobs } from '../server/jobs/settle';
import { leavePlan } from '../server/plans/leave-plan';
import type { Processor } from './processor';

/** `subject` is the id of a retired plan that has a successor. */
export const leavePlanProcessor: Processor = {
  async run({ context }, { subject }) {
    const owed = await openJobs(context.db, 'leave-plan', subject);
    await leavePlan(context, subject, owed);
  },
};
