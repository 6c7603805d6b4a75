import { In } from 'typeorm';
import type { Listing } from '../http/simple-rest';
import { whereMatches } from '../http/simple-rest';
import { awaitsApproval } from './change-run';
import { ReconcileChange, ReconcileRun } from './reconcile-run.entity';

const person = (id: string | null, name: string | null) => (name === null ? null : { id, name });

function approvalOf(run: ReconcileRun) {
  const { requestedById, requestedByName, requestedAt, appliedById, appliedByName, appliedAt } = run;
  if (requestedAt === null) return null;
  const waits = awaitsApproval(run);
  return {
    requestedBy: person(requestedById, requestedByName),
    requestedAt,
    approvedBy: waits ? null : person(appliedById, appliedByName),
    approvedAt: waits ? null : appliedAt,
  };
}

export const reconcileRunsListing: Listing<ReconcileRun> & { name: 'reconcile-runs' } = {
  name: 'reconcile-runs',
  entity: ReconcileRun,
  sorts: ['startedAt'],
  defaultSort: ['startedAt', 'DESC'],
  filters: { status: 'word', mode: 'word', trigger: 'word', startedAt: 'moment', undoesId: 'word' },
  async present(rows, db) {
    const ids = rows.map(({ id }) => id);
    const undone =
      ids.length > 0
        ? await db
            .getRepository(ReconcileRun)
            .find({ select: { id: true, undoesId: true }, where: { undoesId: In(ids) } })
        : [];
    return rows.map((row) => {
      const { active: _active, night: _night, listed: _listed, ...run } = row;
      const { actorType: type, actorId, actorName: name, undoesId, atRisk, ...more } = run;
      const { requestedById: _r, requestedByName: _rn, requestedAt: _ra, appliedById, appliedByName, ...told } = more;
      return {
        ...told,
        actor: { type, id: actorId, name },
        atRisk: atRisk ?? [],
        approval: approvalOf(row),
        appliedBy: person(appliedById, appliedByName),
        undoes: undoesId,
        undoneBy: undone.filter((one) => one.undoesId === row.id).map(({ id }) => id),
      };
    });
  },
};

/** The rows of one run. */
export const changesOf = (runId: string): Listing<ReconcileChange> => ({
  name: 'reconcile-changes',
  entity: ReconcileChange,
  sorts: ['atRiskAmount'],
  defaultSort: ['id', 'ASC'],
  filters: {
    tenantId: 'word',
    state: 'word',
    lowers: 'flag',
    fromPlanId: 'word',
    toPlanId: 'word',
    q: (query, value) => whereMatches(query, 'tenants', ['name'], 'tenantId', value),
  },
  scope: { runId },
  present: async (rows, db) => {
    const ids = [...new Set(rows.map(({ tenantId }) => tenantId))];
    const names: { id: string; name: string }[] =
      ids.length > 0 ? await db.query('SELECT id, name FROM tenants WHERE id IN (?)', [ids]) : [];
    const nameOf = new Map(names.map(({ id, name }) => [id, name]));
    return rows.map(({ basis: _basis, atRiskAmount, atRiskCurrency, ...row }) => ({
      ...row,
      tenantName: nameOf.get(row.tenantId) ?? null,
      atRisk: atRiskAmount === null ? null : { amount: Number(atRiskAmount), currency: atRiskCurrency },
    }));
  },
});
