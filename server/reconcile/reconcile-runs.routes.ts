import { z } from 'zod';
import { can } from '../../domain/permissions';
import type { Context } from '../context';
import { forbidden } from '../errors';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import { answerList } from '../http/simple-rest';
import { applyRun, cancelRun, withdrawRequest } from './change-run';
import { sendChangesCsv } from './changes-csv';
import { changesOf, reconcileRunsListing } from './reconcile-runs.listing';
import { requireTenants } from './require-tenants';
import { startRun } from './start-run';
import { undoRun } from './undo-run';

const NewRunBody = z.object({
  mode: z.enum(['dry-run', 'apply']),
  tenantIds: z.array(z.string().min(1)).min(1).max(10_000).optional(),
});
const ApplyBody = z.object({ confirm: z.string().optional() });
const WHY = 'Say why, in a few words.';
const UndoBody = z.object({
  until: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time.' })
    .transform((value) => new Date(value))
    .nullish(),
  reason: z.string(WHY).trim().min(3, WHY).max(300, 'must have at most 300 characters.'),
});

/** Runs of the reconciliation: started, watched, cancelled, and dry ones applied. The workers do the work. */
export function reconcileRunRoutes(context: Context): OperatorRoute[] {
  const present = (id: string) => presentOne(context, reconcileRunsListing, id);
  return [
    ...readRoutes(context, reconcileRunsListing),
    operatorRoute({
      method: 'get',
      path: '/reconcile-runs/:id/changes',
      access: 'reconcile-runs:read',
      summary: 'List the plan changes that a run found due',
      handle: ({ params, query, res }) => answerList(context, changesOf(params.id!), query, res),
    }),
    operatorRoute({
      method: 'get',
      path: '/reconcile-runs/:id/changes.csv',
      access: 'reconcile-runs:read',
      summary: "Download a run's plan changes as a spreadsheet, with the filters of their list",
      handle: ({ params, query, res }) => sendChangesCsv(context, params.id!, query, res),
    }),
    operatorRoute({
      method: 'post',
      path: '/reconcile-runs',
      access: 'reconcile-runs:create',
      summary: 'Compare Stripe with our copy: tell what differs, or write it',
      status: 201,
      body: NewRunBody,
      async handle({ body, caller: { actor, role } }) {
        // Chosen tenants are a sync; the whole account at once is more than support may move.
        if (body.mode === 'apply' && !body.tenantIds && !can(role, 'reconcile-runs:apply'))
          throw forbidden('Start a dry run, and ask an admin to apply it; or choose tenants.');
        await requireTenants(context, body.tenantIds);
        return present(await startRun(context, { ...body, trigger: 'operator', actor }));
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/reconcile-runs/:id/cancel',
      access: 'reconcile-runs:cancel',
      summary: 'Cancel a run; what it has written stays',
      async handle({ params, caller: { actor } }) {
        await cancelRun(context, actor, params.id!);
        return present(params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/reconcile-runs/:id/apply',
      access: 'reconcile-runs:apply',
      summary: 'Write exactly what a dry run planned; many downgrades wait for a second operator',
      body: ApplyBody,
      async handle({ params, body, caller: { actor } }) {
        await applyRun(context, actor, params.id!, body.confirm);
        return present(params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/reconcile-runs/:id/withdraw',
      access: 'reconcile-runs:apply',
      summary: 'Take back a request to apply a run, which waits for a second operator',
      async handle({ params, caller: { actor } }) {
        await withdrawRequest(context, actor, params.id!);
        return present(params.id!);
      },
    }),
    operatorRoute({
      method: 'post',
      path: '/reconcile-runs/:id/undo',
      access: 'reconcile-runs:undo',
      summary: 'Start a run that plans how another is taken back; apply it to have it so',
      status: 201,
      body: UndoBody,
      handle: async ({ params, body, caller: { actor } }) => present(await undoRun(context, actor, params.id!, body)),
    }),
  ];
}
