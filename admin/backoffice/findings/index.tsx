import FindingIcon from '@mui/icons-material/ReportProblemOutlined';
import { Alert, AlertTitle, Box, Typography } from '@mui/material';
import { Datagrid, FunctionField, type RaRecord, SelectInput, Show, SimpleList, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Id, Lines, Muted, Status, StatusField, TenantField, When } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { listed } from '../parts/listed';
import { type Money, money } from '../parts/money';
import { Fact, Facts, Section } from '../parts/section';
import { CAUSES, causeOf } from './causes';

interface Finding extends RaRecord {
  kind: string;
  cause: string;
  severity: 'info' | 'warning' | 'critical';
  status: 'open' | 'snoozed' | 'dismissed' | 'resolved';
  summary: string;
  expected: string | null;
  actual: string | null;
  /** What is at risk a month. */
  atRisk: Money | null;
  tenantId: string | null;
  customerId: string | null;
  subscriptionId: string | null;
  firstSeenAt: string;
  lastSeenAt: string;
  resolvedAt: string | null;
}

/** Every cause but that of `past-due` is called as its kind is. */
const kinds = Object.entries(CAUSES)
  .map(([cause, { title }]) => ({ id: cause === 'payment-overdue' ? 'past-due' : cause, name: title }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const noFindings = 'Nothing to look at: Stripe and Tenantry agree.';

const Told = ({ finding: { cause, summary } }: { finding: Finding }) => (
  <Box sx={{ minWidth: 260 }}>
    <Typography variant="body2" sx={{ fontWeight: 560 }}>
      {causeOf(cause).title}
    </Typography>
    <Muted>{summary}</Muted>
  </Box>
);

const AtRisk = ({ value }: { value: Money | null }) => (
  <Lines>
    {money(value)}
    {value && <Muted>a month</Muted>}
  </Lines>
);

function FindingList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SelectInput
          source="status"
          key="status"
          choices={choices(['open', 'snoozed', 'dismissed', 'resolved'])}
          alwaysOn
        />,
        <SelectInput source="kind" key="kind" label="Cause" choices={kinds} alwaysOn />,
        <SelectInput source="severity" key="severity" choices={choices(['info', 'warning', 'critical'])} />,
      ]}
      filterDefaultValues={{ status: 'open' }}
      sort={{ field: 'lastSeenAt', order: 'DESC' }}
      none={noFindings}
    >
      {phone ? (
        <SimpleList<Finding>
          primaryText={(one) => causeOf(one.cause).title}
          secondaryText={(one) => one.summary}
          tertiaryText={(one) => (one.atRisk ? `${money(one.atRisk)}/month` : <Status value={one.severity} />)}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(noFindings)}>
          <StatusField source="severity" sortable={false} />
          <FunctionField label="What" render={(one: Finding) => <Told finding={one} />} />
          <TenantField label="Tenant" sortable={false} />
          <FunctionField label="At risk" textAlign="right" render={(one: Finding) => <AtRisk value={one.atRisk} />} />
          <StatusField source="status" sortable={false} />
          <FunctionField
            source="lastSeenAt"
            label="Seen"
            render={({ firstSeenAt, lastSeenAt }: Finding) => (
              <Lines>
                <span>
                  last <When value={lastSeenAt} />
                </span>
                <Muted>
                  first <When value={firstSeenAt} />
                </Muted>
              </Lines>
            )}
          />
        </Datagrid>
      )}
    </ListPage>
  );
}

const TONES = { info: 'info', warning: 'warning', critical: 'error' } as const;

const Side = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <Box sx={{ p: 2, border: 1, borderColor: 'divider', borderRadius: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
    <Typography variant="caption" color="textSecondary">
      {title}
    </Typography>
    <Typography sx={{ fontWeight: 560 }}>{children}</Typography>
  </Box>
);

function FindingPage() {
  const finding = useRecordContext<Finding>();
  if (!finding) return null;
  const { title, means, todo } = causeOf(finding.cause);
  const over = finding.status === 'resolved';
  return (
    <Section title={title} action={<Status value={finding.status} />}>
      <Box sx={{ px: 2, pb: 2, display: 'grid', gap: 2 }}>
        <Typography>{finding.summary}</Typography>
        <Alert severity={over ? 'success' : TONES[finding.severity]}>
          <AlertTitle>{over ? 'Settled' : 'What to do'}</AlertTitle>
          {means} {over ? 'There is nothing left to do.' : todo}
          {finding.cause === 'handler-failed' && !over && <FailedEvents customerId={finding.customerId} />}
        </Alert>
        <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' } }}>
          <Side title="Expected">{finding.expected ?? '—'}</Side>
          <Side title="Actual">{finding.actual ?? '—'}</Side>
        </Box>
      </Box>
      <Facts>
        <Fact label="At risk a month">{money(finding.atRisk)}</Fact>
        <Fact label="Severity">
          <Status value={finding.severity} />
        </Fact>
        <Fact label="First seen">
          <When value={finding.firstSeenAt} />
        </Fact>
        <Fact label="Last seen">
          <When value={finding.lastSeenAt} />
        </Fact>
        {over && (
          <Fact label="Settled">
            <When value={finding.resolvedAt} />
          </Fact>
        )}
        <Fact label="Tenant">
          <TenantField />
        </Fact>
        <Fact label="Stripe customer">
          <Id value={finding.customerId} />
        </Fact>
        <Fact label="Subscription">
          <Id value={finding.subscriptionId} />
        </Fact>
      </Facts>
    </Section>
  );
}

const FailedEvents = ({ customerId }: { customerId: string | null }) => (
  <Box sx={{ mt: 1 }}>
    <Link to={listed('stripe-events', { status: 'failed', ...(customerId ? { customerId } : {}) })}>
      Show the failed events
    </Link>
  </Box>
);

const FindingShow = () => (
  <Show component="div" actions={false}>
    <FindingPage />
  </Show>
);
export const findings = {
  name: 'findings',
  icon: FindingIcon,
  list: FindingList,
  show: FindingShow,
  recordRepresentation: ({ cause }: RaRecord) => causeOf(cause).title,
};
