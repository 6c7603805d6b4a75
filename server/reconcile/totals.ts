import type { EntityManager } from 'typeorm';
import { type ChangeState, ReconcileRun } from './reconcile-run.entity';

interface Group {
  state: ChangeState;
  lowers: number;
  currency: string | null;
  rows: number;
  amount: number | null;
}

const OPEN: readonly ChangeState[] = ['planned', 'failed', 'cancelled'];

/** Counts a run's rows and what hangs on them, and keeps it with the run: O(its rows), at its turns alone. */
export async function countRows(tx: EntityManager, runId: string): Promise<void> {
  const groups: Group[] = await tx.query(
    `SELECT state, lowers, atRiskCurrency AS currency, COUNT(*) AS \`rows\`, SUM(atRiskAmount) AS amount
     FROM reconcile_changes WHERE runId = ? GROUP BY state, lowers, atRiskCurrency`,
    [runId],
  );
  const sum = (fits: (group: Group) => boolean) =>
    groups.filter(fits).reduce((total, { rows }) => total + Number(rows), 0);
  const money = new Map<string, number>();
  for (const { currency, amount, state } of groups)
    if (currency && state !== 'stale') money.set(currency, (money.get(currency) ?? 0) + Number(amount));
  await tx.update(
    ReconcileRun,
    { id: runId },
    {
      lowered: sum(({ lowers, state }) => lowers === 1 && state !== 'stale'),
      raised: sum(({ lowers, state }) => lowers === 0 && state !== 'stale'),
      applied: sum(({ state }) => state === 'applied'),
      stale: sum(({ state }) => state === 'stale'),
      failed: sum(({ state }) => state === 'failed'),
      open: sum(({ state }) => OPEN.includes(state)),
      openLowers: sum(({ state, lowers }) => lowers === 1 && OPEN.includes(state)),
      atRisk: [...money].map(([currency, amount]) => ({ amount, currency })),
    },
  );
}
