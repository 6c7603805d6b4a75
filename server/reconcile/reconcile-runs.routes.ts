import { z } from 'zod';
import { can } from '../../domain/permissions';
import type { Context } from '../context';
import { forbidden } from '../errors';
import { type OperatorRoute, operatorRoute, presentOne, readRoutes } from '../http/operator-api';
import { answerList, type Listing } from '../http/simple-rest';
import { applyRun, cancelRun } from './change-run';
import { ReconcileChange, ReconcileRun } from './reconcile-run.entity';
import { requireTenants } from './require-tenants';
import { startRun } from './start-run';

export const reconcileRunsListing: Listing<ReconcileRun> & { name: 'reconcile-runs' } = {
  name: 'reconcile-runs',
  entity: ReconcileRun,
  sorts: ['startedAt'],
  defaultSort: ['startedAt', 'DESC'],
  filters: { status: 'word', mode: 'word', trigger: 'word', startedAt: 'moment' },
  present: async (rows) =>
    rows.map(({ active: _active, night: _night, listed: _listed, ...run }) => {
      const { actorType: type, actorId: id, actorName: name, ...told } = run;
      return { ...told, actor: { type, id, name } };
    }),
};

const changesOf = (runId: string): Listing<ReconcileChange> => ({
  name: 'reconcile-changes',
  entity: ReconcileChange,
  sorts: [],
  defaultSort: ['id', 'ASC'],
  filters: { tenantId: 'word', state: 'word', lowers: 'flag', fromPlanId: 'word', toPlanId: 'word' },
  scope: { runId },
  present: async (rows, db) => {
    const ids = [...new Set(rows.map(({ tenantId }) => tenantId))];
    const names: { id: string; name: string }[] =
      ids.length > 0 ? await db.query('SELECT id, name FROM tenants WHERE id IN (?)', [ids]) : [];
    const nameOf = new Map(names.map(({ id, name }) => [id, name]));
    return rows.map((row) => ({ ...row, tenantName: nameOf.get(row.tenantId) ?? null }));
  },
});

const NewRunBody = z.object({
  mode: z.enum(['dry-run', 'apply']),
  tenantIds: z.array(z.string().min(1)).min(1).max(10_000).optional(),
});
const ApplyBody = z.object({ confirm: z.string().optional() });

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
      summary: 'Write what a dry run found',
      body: ApplyBody,
      async handle({ params, body, caller: { actor } }) {
        await applyRun(context, actor, params.id!, body.confirm);
        return present(params.id!);
      },
    }),
  ];
}
