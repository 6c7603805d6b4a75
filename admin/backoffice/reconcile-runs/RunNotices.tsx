import { Alert, Button } from '@mui/material';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetIdentity, useNotify, useRedirect } from 'react-admin';
import { Link } from 'react-router-dom';
import { PLAN_HOURS } from '../../../domain/reconcile-plan';
import { counted } from '../parts/counted';
import { When } from '../parts/fields';
import { awaitsApproval, isApplicable, isTooOld, type Run } from './run';

const braked = (lowered: number) =>
  `This run would lower ${counted(lowered, 'tenant')}, more than 20 and more than 2 % of payers, so it stopped as a dry run and changed nothing. Look at the changes below: if they are right, two admins can apply them; if not, check the Stripe key and the prices of the plans.`;

const Notice = ({ severity, children, action }: React.ComponentProps<typeof Alert>) => (
  <Alert severity={severity} action={action} sx={{ mb: 2 }}>
    {children}
  </Alert>
);

function Waiting({ run }: { run: Run }) {
  const { identity } = useGetIdentity();
  if (!awaitsApproval(run) || !run.approval) return null;
  const { requestedBy, requestedAt } = run.approval;
  return (
    <Notice severity="info">
      {requestedBy.id === identity?.id ? 'You' : requestedBy.name} asked to apply this <When value={requestedAt} />.
      Nothing is applied until another admin approves.
    </Notice>
  );
}

/** A page of rows, and so many pages, are what the server takes as chosen tenants. */
const PAGE = 1000;
const MOST = 10_000;

/** Plans anew for just those tenants whose rows no longer held. */
function StaleAgain({ run }: { run: Run }) {
  const api = useDataProvider();
  const redirect = useRedirect();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const { canAccess } = useCanAccess({ resource: 'reconcile-runs', action: 'create' });
  if (!canAccess) return null;
  const plan = async () => {
    setBusy(true);
    try {
      const tenantIds = new Set<string>();
      for (let page = 1; tenantIds.size < Math.min(run.stale, MOST); page += 1) {
        const { data } = await api.getList(`reconcile-runs/${run.id}/changes`, {
          filter: { state: 'stale' },
          sort: { field: 'id', order: 'ASC' },
          pagination: { page, perPage: PAGE },
        });
        for (const { tenantId } of data) tenantIds.add(tenantId);
        if (data.length < PAGE) break;
      }
      const { data } = await api.create('reconcile-runs', { data: { mode: 'dry-run', tenantIds: [...tenantIds] } });
      redirect('show', 'reconcile-runs', data.id);
    } catch (error) {
      notify((error as Error).message, { type: 'error' });
      setBusy(false);
    }
  };
  return (
    <Button color="inherit" size="small" disabled={busy} onClick={plan} sx={{ whiteSpace: 'nowrap' }}>
      Plan them again
    </Button>
  );
}

/** What a person must know of the run, in words. */
export function RunNotices({ run }: { run: Run }) {
  const { status, error, stale, failed, undoes, undoneBy, applied } = run;
  const left = run.open - failed;
  return (
    <>
      {undoes && (
        <Notice severity="info">
          This takes back <Link to={`/reconcile-runs/${undoes}/show`}>an earlier run</Link> by overrides
          {run.undoUntil && (
            <>
              , which end <When value={run.undoUntil} />
            </>
          )}
          . {run.undoReason}
        </Notice>
      )}
      {undoneBy.length > 0 && (
        <Notice severity="info">
          An undo was planned for this run: <Link to={`/reconcile-runs/${undoneBy.at(-1)}/show`}>look at it</Link>.
        </Notice>
      )}
      {run.braked && run.mode === 'dry-run' && <Notice severity="warning">{braked(run.lowered)}</Notice>}
      <Waiting run={run} />
      {isApplicable(run) && isTooOld(run) && (
        <Notice severity="warning">
          This plan is more than {PLAN_HOURS} hours old and can’t be applied any more. Start a new dry run.
        </Notice>
      )}
      {stale > 0 && status !== 'running' && (
        <Notice severity="warning" action={<StaleAgain run={run} />}>
          {counted(stale, 'tenant')} changed since the plan was made and {stale === 1 ? 'was' : 'were'} left as they
          are.
        </Notice>
      )}
      {failed > 0 && status !== 'running' && (
        <Notice severity="error">{counted(failed, 'row')} failed and can be tried again. The table says why.</Notice>
      )}
      {status === 'cancelled' && run.approved && (
        <Notice severity="warning">
          Cancelled on its way: {counted(applied, 'row')} applied, which stays; {counted(left, 'row')} not applied.
        </Notice>
      )}
      {error && (
        <Notice severity={status === 'failed' ? 'error' : 'warning'}>
          {status === 'running' ? `Held up, and goes on by itself: ${error}` : error}
        </Notice>
      )}
    </>
  );
}
