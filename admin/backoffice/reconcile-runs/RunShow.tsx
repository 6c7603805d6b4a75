import { Box, Typography } from '@mui/material';
import { Pagination, ReferenceManyField, Show, useRecordContext } from 'react-admin';
import { When } from '../parts/fields';
import { money } from '../parts/money';
import { Fact, Facts, Section } from '../parts/section';
import { ChangesTable } from './ChangesTable';
import { RunFindings } from './RunFindings';
import { RunStatus } from './RunList';
import { RunNotices } from './RunNotices';
import { RunProgress } from './RunProgress';
import { RunVerbs } from './RunVerbs';
import { counted, durationOf, MODES, type Run, scopeOf, spell, TRIGGERS, whileRunning } from './run';

/** From here on the listing is whole, and what differs is worked off. */
const LISTED = 0.9;

/** What the run is doing now, or came to. */
function tell({ status, mode, progress, rowsPerSecond, changed, startedAt, ...run }: Run): string {
  if (status === 'failed') return 'It failed; what it had changed before stays.';
  if (status === 'cancelled') return `Cancelled at ${Math.floor(progress * 100)} %.`;
  if (run.approved && (status === 'done' || status === 'running')) {
    const rows = `${counted(run.applied, 'row')} applied, ${run.stale} stale, ${run.failed} failed`;
    if (status === 'running') return progress === 0 ? 'Reading Stripe again …' : `${rows} so far.`;
    if (run.stale + run.failed > 0) return `${rows}.`;
    return `${rows}. Tenantry holds now what ${run.undoes ? 'was planned' : 'Stripe says'}.`;
  }
  if (run.undoes && status === 'done') return `${counted(changed, 'tenant')} can be looked at. Nothing was changed.`;
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
  const title = run.undoes
    ? 'Undo of a run'
    : run.mode === 'apply'
      ? 'Reconciliation'
      : 'Dry run of the reconciliation';
  return (
    <>
      <RunNotices run={run} />
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
          <Fact label={run.mode === 'apply' ? 'Tenants raised' : 'Tenants it would raise'}>
            {run.raised.toLocaleString('en')}
          </Fact>
          <Fact label="Hangs on it a month">{run.atRisk.map(money).join(', ') || '—'}</Fact>
          <Fact label="Findings">{run.findings.toLocaleString('en')}</Fact>
          <Fact label="Mode">{MODES[run.mode]}</Fact>
          <Fact label="Compares">{scopeOf(run)}</Fact>
          <Fact label="Started">
            <When value={run.startedAt} />, {TRIGGERS[run.trigger]}
            {(run.trigger === 'operator' || run.undoes) && ` (${run.actor.name})`}
          </Fact>
          {run.appliedBy && (
            <Fact label="Applied by">
              {run.appliedBy.name} <When value={run.appliedAt} />
              {run.approval?.approvedBy && `, asked for by ${run.approval.requestedBy.name}`}
            </Fact>
          )}
          <Fact label="Took">{durationOf(run, Date.now())}</Fact>
        </Facts>
      </Section>
      <Section title="Plan changes">
        {/* A new key asks once more when the run has ended: the last changes come with its end. */}
        <ReferenceManyField
          key={run.finishedAt}
          reference="reconcile-changes"
          target="runId"
          sort={{ field: 'atRiskAmount', order: 'DESC' }}
          perPage={25}
          pagination={<Pagination rowsPerPageOptions={[25, 100]} />}
          queryOptions={{ refetchInterval: run.status === 'running' ? 2000 : false }}
        >
          <ChangesTable run={run} />
        </ReferenceManyField>
      </Section>
      <RunFindings run={run} />
    </>
  );
}

const isRunning = whileRunning((run) => (run as Run | undefined)?.status === 'running');

/** A run while it works and when it is over: how far, what differs, what becomes of whom. */
export const RunShow = () => (
  <Show<Run> title="Reconcile run" actions={<RunVerbs />} component="div" queryOptions={{ refetchInterval: isRunning }}>
    <Head />
  </Show>
);
