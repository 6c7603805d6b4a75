import { Alert, AlertTitle, Box, Link as MuiLink, Typography } from '@mui/material';
import { Pagination, ReferenceManyField, Show, TopToolbar, useRecordContext } from 'react-admin';
import { Link as RouterLink } from 'react-router-dom';
import { Day, Id, Muted, Status, TenantField, When } from '../parts/fields';
import { InStripe } from '../parts/in-stripe';
import { listed } from '../parts/listed';
import { money } from '../parts/money';
import { Fact, Facts, Section } from '../parts/section';
import { AuditTable } from '../parts/tables';
import { causeOf } from './causes';
import { FindingActs } from './FindingActs';
import { type Finding, settledBy } from './finding';
import { RepairButton } from './RepairButton';

const TONES = { info: 'info', warning: 'warning', critical: 'error' } as const;

const Side = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <Box sx={{ p: 2, border: 1, borderColor: 'divider', borderRadius: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
    <Typography variant="caption" color="textSecondary">
      {title}
    </Typography>
    <Typography sx={{ fontWeight: 560 }}>{children}</Typography>
  </Box>
);

const Link = ({ to, children }: { to: string; children: React.ReactNode }) => (
  <MuiLink component={RouterLink} to={to} variant="body2">
    {children}
  </MuiLink>
);

const FailedEvents = ({ customerId }: Pick<Finding, 'customerId'>) => (
  <Box sx={{ mt: 1 }}>
    <Link to={listed('stripe-events', { status: 'failed', ...(customerId ? { customerId } : {}) })}>
      Show the failed events
    </Link>
  </Box>
);

/** How it was closed, with the way to what closed it. */
function Settled({ finding }: { finding: Finding }) {
  const { text, to, link } = settledBy(finding);
  return (
    <Alert severity="success">
      <AlertTitle>Settled</AlertTitle>
      {text} There is nothing left to do. If the difference comes back, it opens again.
      {to && (
        <Box sx={{ mt: 1 }}>
          <Link to={to}>{link}</Link>
        </Box>
      )}
    </Alert>
  );
}

/** What it means, what to do, and the one thing that can be done here. */
function Advice({ finding }: { finding: Finding }) {
  const { means, todo } = causeOf(finding.cause);
  if (finding.status === 'resolved')
    return (
      <>
        <Typography color="textSecondary">{means}</Typography>
        <Settled finding={finding} />
      </>
    );
  return (
    <Alert severity={TONES[finding.severity]}>
      <AlertTitle>What it means</AlertTitle>
      {means}
      <AlertTitle sx={{ mt: 1.5 }}>What to do</AlertTitle>
      {todo}
      {finding.cause === 'handler-failed' && <FailedEvents customerId={finding.customerId} />}
    </Alert>
  );
}

/** Where it stands with whom: asleep until when, or why it was let be. */
function Standing({ finding: { status, snoozedUntil, dismissedReason } }: { finding: Finding }) {
  if (status === 'snoozed' && snoozedUntil)
    return (
      <Typography color="textSecondary">
        Snoozed until <Day value={snoozedUntil} />; then it opens again by itself.
      </Typography>
    );
  if (status === 'dismissed')
    return (
      <Typography color="textSecondary">
        Dismissed for as long as this difference stays: “{dismissedReason ?? 'no reason kept'}”
      </Typography>
    );
  return null;
}

const Linked = ({ id, url }: { id: string | null; url: string | null }) => (
  <Box component="span" sx={{ display: 'grid', justifyItems: 'start' }}>
    <Id value={id} />
    {id && <InStripe url={url} />}
  </Box>
);

function Details({ finding }: { finding: Finding }) {
  const { atRisk, severity, owner, firstSeenAt, lastSeenAt, resolvedAt, occurrences, stripeUrls } = finding;
  return (
    <Facts>
      <Fact label="At risk a month">
        <b>{money(atRisk)}</b>
      </Fact>
      <Fact label="Severity">
        <Status value={severity} />
      </Fact>
      <Fact label="Owner">{owner?.name ?? <Muted>nobody</Muted>}</Fact>
      <Fact label="Tenant">
        <TenantField />
      </Fact>
      <Fact label="First seen">
        <When value={firstSeenAt} />
      </Fact>
      <Fact label="Last seen">
        <When value={lastSeenAt} />
      </Fact>
      {resolvedAt && (
        <Fact label="Settled">
          <When value={resolvedAt} />
        </Fact>
      )}
      <Fact label="How often">
        {occurrences === 1 ? 'the first time' : `${occurrences} times: it went away and came back`}
      </Fact>
      {finding.customerId && (
        <Fact label="Stripe customer">
          <Linked id={finding.customerId} url={stripeUrls.customer} />
        </Fact>
      )}
      {finding.subscriptionId && (
        <Fact label="Subscription">
          <Linked id={finding.subscriptionId} url={stripeUrls.subscription} />
          {stripeUrls.subscription && <Link to={`/subscriptions/${finding.subscriptionId}/show`}>Our copy of it</Link>}
        </Fact>
      )}
    </Facts>
  );
}

const Untouched = () => (
  <Typography variant="body2" color="textSecondary" sx={{ px: 2, pb: 2 }}>
    Nobody has done anything about it yet.
  </Typography>
);

function FindingPage() {
  const finding = useRecordContext<Finding>();
  if (!finding) return null;
  return (
    <>
      <Section title={causeOf(finding.cause).title} action={<Status value={finding.status} />}>
        <Box sx={{ px: 2, pb: 2, display: 'grid', gap: 2 }}>
          <Typography sx={{ overflowWrap: 'anywhere' }}>{finding.summary}</Typography>
          <Standing finding={finding} />
          <Advice finding={finding} />
          <RepairButton finding={finding} />
          <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' } }}>
            <Side title="Expected">{finding.expected ?? '—'}</Side>
            <Side title="Actual">{finding.actual ?? '—'}</Side>
          </Box>
        </Box>
        <Details finding={finding} />
      </Section>
      <Section title="History">
        <ReferenceManyField
          reference="audit-log"
          target="resourceId"
          filter={{ resource: 'findings' }}
          sort={{ field: 'at', order: 'DESC' }}
          perPage={10}
          pagination={<Pagination rowsPerPageOptions={[10, 25]} />}
        >
          <AuditTable hide={['tenant']} empty={<Untouched />} />
        </ReferenceManyField>
      </Section>
    </>
  );
}

export const FindingShow = () => (
  <Show<Finding>
    component="div"
    actions={
      <TopToolbar sx={{ gap: 1, flexWrap: 'wrap' }}>
        <FindingActs />
      </TopToolbar>
    }
  >
    <FindingPage />
  </Show>
);
