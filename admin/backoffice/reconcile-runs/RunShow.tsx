import { Alert, Box, Typography } from '@mui/material';
import { Pagination, ReferenceManyField, Show, TopToolbar, useRecordContext } from 'react-admin';
import { Act } from '../parts/act';
import { When } from '../parts/fields';
import { Fact, Facts, Section } from '../parts/section';
import { ChangesTable } from './ChangesTable';
import { RunStatus } from './RunList';
import { RunProgress } from './RunProgress';
import { confirmPhrase, counted, durationOf, MODES, type Run, scopeOf, spell, TRIGGERS, whileRunning } from './run';

function Verbs() {
  const run = useRecordContext<Run>();
  if (!run) return null;
  const applicable = run.mode === 'dry-run' && run.status === 'done' && run.changed > 0;
  if (!applicable && run.status !== 'running') return <Box sx={{ pt: 2 }} />;
  return (
    <TopToolbar sx={{ gap: 1 }}>
      {run.status === 'running' && (
        <Act
          verb="cancel"
          label="Cancel the run"
          color="error"
          explain={
            run.mode === 'apply'
              ? 'It stops where it stands. What it has changed already stays changed.'
              : 'It stops where it stands. A dry run changes nothing, so nothing is lost.'
          }
          done="Cancelled"
        />
      )}
      {applicable && (
        <Act
          verb="apply"
          label="Apply these changes"
          variant="contained"
          color={run.lowered > 0 ? 'error' : 'primary'}
          explain={
            run.lowered > 0
              ? `${counted(run.lowered, 'tenant')} would get a lower plan at once, and may lose features or seats. Each customer is read from Stripe again first.`
              : 'Nobody gets a lower plan. Each customer is read from Stripe again first, so nothing that changed since is undone.'
          }
          typed={run.lowered > 0 ? confirmPhrase(run) : undefined}
          body={run.lowered > 0 ? { confirm: confirmPhrase(run) } : {}}
          done="Applying"
        />
      )}
    </TopToolbar>
  );
}

const BRAKED = (lowered: number) =>
  `This run would lower ${counted(lowered, 'tenant')}, more than 20 and more than 2 % of payers, so it stopped as a dry run and changed nothing. Look at the changes below: if they are right, an admin can apply them; if not, check the Stripe key and the prices of the plans.`;

/** What a person must know of the run, in words. */
function Notices({ run }: { run: Run }) {
  const { braked, status, lowered, error } = run;
  return (
    <>
      {braked && (
        <Alert severity="warning" sx={{ mb: 2 }}>
          {BRAKED(lowered)}
        </Alert>
      )}
      {error && (
        <Alert severity={status === 'failed' ? 'error' : 'warning'} sx={{ mb: 2 }}>
          {status === 'running' ? `Held up, and goes on by itself: ${error}` : error}
        </Alert>
      )}
    </>
  );
}

/** From here on the listing is whole, and what differs is worked off. */
const LISTED = 0.9;

/** What the run is doing now, or came to. */
function tell({ status, mode, progress, rowsPerSecond, changed, startedAt }: Run): string {
  if (status === 'failed') return 'It failed; what it had changed before stays.';
  if (status === 'cancelled') return `Cancelled at ${Math.floor(progress * 100)} %.`;
  if (status === 'done') {
    if (changed === 0) return 'Stripe and Tenantry agree: nothing differed.';
    const differed = `${counted(changed, 'difference')} found.`;
    return mode === 'apply' ? `${differed} Tenantry holds now what Stripe says.` : `${differed} Nothing was changed.`;
  }
  if (progress === 0) return 'Waiting for a worker to take it up …';
  if (progress >= LISTED) return 'All read. Working off what differs …';
  const elapsed = (Date.now() - Date.parse(startedAt)) / 1000;
  const left = progress > 0.02 ? `, about ${spell((elapsed * (1 - progress)) / progress)} left` : '';
  return `${Math.round(rowsPerSecond).toLocaleString('en')} subscriptions a second${left}`;
}

function Head() {
  const run = useRecordContext<Run>();
  if (!run) return null;
  const title = run.mode === 'apply' ? 'Reconciliation' : 'Dry run of the reconciliation';
  return (
    <>
      <Notices run={run} />
      <Section title={title} action={<RunStatus run={run} />}>
        <Box sx={{ px: 2, pb: 2 }} aria-live="polite">
          <RunProgress run={run} />
          <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5 }}>
            {tell(run)}
          </Typography>
        </Box>
        <Facts>
          <Fact label="Subscriptions read">{run.scanned.toLocaleString('en')}</Fact>
          <Fact label="Differed from our copy">{run.changed.toLocaleString('en')}</Fact>
          <Fact label={run.mode === 'apply' ? 'Tenants lowered' : 'Tenants it would lower'}>
            {run.lowered.toLocaleString('en')}
          </Fact>
          <Fact label="Findings">{run.findings.toLocaleString('en')}</Fact>
          <Fact label="Mode">{MODES[run.mode]}</Fact>
          <Fact label="Compares">{scopeOf(run)}</Fact>
          <Fact label="Started">
            <When value={run.startedAt} />, {TRIGGERS[run.trigger]}
            {run.trigger === 'operator' && ` (${run.actor.name})`}
          </Fact>
          <Fact label="Took">{durationOf(run, Date.now())}</Fact>
        </Facts>
      </Section>
      <Section title="Plan changes">
        {/* A new key asks once more when the run has ended: the last changes come with its end. */}
        <ReferenceManyField
          key={run.finishedAt}
          reference="reconcile-changes"
          target="runId"
          sort={{ field: 'id', order: 'ASC' }}
          perPage={25}
          pagination={<Pagination rowsPerPageOptions={[25, 100]} />}
          queryOptions={{ refetchInterval: run.status === 'running' ? 2000 : false }}
        >
          <ChangesTable run={run} />
        </ReferenceManyField>
      </Section>
    </>
  );
}

const isRunning = whileRunning((run) => (run as Run | undefined)?.status === 'running');

/** A run while it works and when it is over: how far, what differs, what becomes of whom. */
export const RunShow = () => (
  <Show<Run> title="Reconcile run" actions={<Verbs />} component="div" queryOptions={{ refetchInterval: isRunning }}>
    <Head />
  </Show>
);
