import DownloadIcon from '@mui/icons-material/FileDownloadOutlined';
import { Button } from '@mui/material';
import { TopToolbar, useGetIdentity, useRecordContext } from 'react-admin';
import { APPROVAL_ABOVE, confirmPhrase, needsSecondOperator } from '../../../domain/reconcile-plan';
import { Act } from '../parts/act';
import { counted } from '../parts/counted';
import { awaitsApproval, isApplicable, isTooOld, type Run } from './run';
import { UndoRun } from './UndoRun';

const EXACT =
  'Stripe is read again first. Exactly these rows are written; a tenant that changed since is left as it is.';

function whatHappens({ openLowers, open }: Run): string {
  if (openLowers === 0) return `Nobody gets a lower plan. ${EXACT}`;
  const lower = `${counted(openLowers, 'tenant')} of ${open} would get a lower plan at once, and may lose features or seats.`;
  if (!needsSecondOperator(openLowers)) return `${lower} ${EXACT}`;
  return `${lower} More than ${APPROVAL_ABOVE} take a second admin. ${EXACT}`;
}

/** What the button says: apply, ask for approval, or approve. */
function labelOf(run: Run): string {
  if (run.approved && run.mode === 'apply') return 'Apply the rest';
  if (!needsSecondOperator(run.openLowers)) return 'Apply these changes';
  return awaitsApproval(run) ? 'Approve and apply' : 'Ask for approval';
}

const CANCELS = {
  plan: 'It stops where it stands. Rows that are applied stay so; the others are kept, and can be applied later.',
  apply: 'It stops where it stands. What it has changed already stays changed.',
  dry: 'It stops where it stands. A dry run changes nothing, so nothing is lost.',
};

const cancelling = ({ approved, mode }: Run): string =>
  approved ? CANCELS.plan : mode === 'apply' ? CANCELS.apply : CANCELS.dry;

function Apply({ run }: { run: Run }) {
  const { identity } = useGetIdentity();
  const waits = awaitsApproval(run);
  const mine = waits && run.approval?.requestedBy.id === identity?.id;
  const label = labelOf(run);
  const lowers = run.openLowers > 0;
  return (
    <>
      {waits && (
        <Act
          verb="withdraw"
          right="apply"
          label="Withdraw the request"
          explain="Nothing is applied then. Anybody who may apply runs can ask again."
          done="Withdrawn"
        />
      )}
      {!mine && !isTooOld(run) && (
        <Act
          verb="apply"
          label={label}
          variant="contained"
          color={lowers ? 'error' : 'primary'}
          explain={whatHappens(run)}
          typed={lowers ? confirmPhrase(run.openLowers) : undefined}
          body={lowers ? { confirm: confirmPhrase(run.openLowers) } : {}}
          done={label === 'Ask for approval' ? 'Another admin must approve it now' : 'Applying'}
        />
      )}
    </>
  );
}

/** What can be done with a run: by what it is, and by whose right. */
export function RunVerbs() {
  const run = useRecordContext<Run>();
  if (!run) return null;
  return (
    <TopToolbar sx={{ gap: 1, flexWrap: 'wrap' }}>
      <Button
        size="small"
        component="a"
        href={`/api/reconcile-runs/${run.id}/changes.csv`}
        download
        startIcon={<DownloadIcon />}
      >
        Download CSV
      </Button>
      {run.status === 'running' && (
        <Act verb="cancel" label="Cancel the run" color="error" explain={cancelling(run)} done="Cancelled" />
      )}
      {run.status !== 'running' && run.mode === 'apply' && run.applied > 0 && <UndoRun run={run} />}
      {isApplicable(run) && <Apply run={run} />}
    </TopToolbar>
  );
}
