import { Box, Button, Typography } from '@mui/material';
import {
  EditButton,
  Pagination,
  ReferenceField,
  ReferenceManyField,
  Show,
  TextField,
  TopToolbar,
  useCanAccess,
  useRecordContext,
} from 'react-admin';
import { Link } from 'react-router-dom';
import { Verified } from '../convergence/Verified';
import { OpenFindings } from '../findings/OpenFindings';
import { OverridesTable } from '../overrides/OverridesTable';
import { Act } from '../parts/act';
import { Id, Status, When } from '../parts/fields';
import { Fact, Facts, Section } from '../parts/section';
import { AuditTable, InvitationsTable, MembershipsTable, PlanChangesTable, SubscriptionsTable } from '../parts/tables';
import { BillingSection } from './billing/BillingSection';
import { DeleteTenant } from './billing/DeleteTenant';
import { NextChange } from './billing/NextChange';
import { ExplainChange } from './explanation/ExplainChange';
import { ExplanationPanel } from './explanation/ExplanationPanel';

function Verbs() {
  const tenant = useRecordContext();
  if (!tenant) return null;
  const { name, status } = tenant;
  return (
    <TopToolbar sx={{ gap: 1, flexWrap: 'wrap' }}>
      {status !== 'deleted' && (
        <Act
          resource="tenants"
          verb="reconcile"
          label="Sync now"
          explain={`All Stripe customers of ${name} are read again, and its plan is decided anew.`}
          done="Queued: the plan is checked in a moment"
        />
      )}
      {status === 'active' && (
        <Act
          resource="tenants"
          verb="suspend"
          label="Suspend"
          color="error"
          reason
          explain={`Members of ${name} see the reason; they can still read, but change nothing, until the tenant is reactivated. Its subscriptions go on, and Stripe goes on charging: cancel them under Billing if nobody shall pay meanwhile.`}
          done="Suspended"
        />
      )}
      {status === 'suspended' && (
        <Act
          resource="tenants"
          verb="reactivate"
          label="Reactivate"
          reason
          explain={`Members of ${name} get their full access back.`}
          done="Reactivated"
        />
      )}
      {status === 'deleted' ? (
        <Act
          resource="tenants"
          verb="restore"
          label="Restore"
          explain={`${name} comes back with its members. Subscriptions that were cancelled with its deletion stay cancelled: resume what still runs, or send a new link to buy.`}
          done="Restored"
        />
      ) : (
        <DeleteTenant tenant={tenant} />
      )}
      {status !== 'deleted' && <EditButton />}
    </TopToolbar>
  );
}

const SOURCES: Record<string, string> = {
  base: 'its base plan',
  subscription: 'a Stripe subscription',
  override: 'an override',
};

function Head() {
  const tenant = useRecordContext();
  if (!tenant) return null;
  return (
    <Section title={tenant.name} action={<Status value={tenant.status} />}>
      <Facts>
        <Fact label="Plan">
          <Box component="span" sx={{ fontSize: '1.15rem', fontWeight: 650, display: 'block' }}>
            <ReferenceField source="planId" reference="plans" link="show">
              <TextField source="name" />
            </ReferenceField>
          </Box>
          from {SOURCES[tenant.planSource] ?? tenant.planSource}, since <When value={tenant.planSince} />
        </Fact>
        <Fact label="Subscription">
          <Status value={tenant.subscriptionStatus} />
        </Fact>
        <Fact label={tenant.cancelAt ? 'Cancels' : 'Period ends'}>
          <When value={tenant.cancelAt ?? tenant.currentPeriodEnd} />
        </Fact>
        <Fact label="Members">
          {tenant.memberCount}
          {tenant.seatLimit === null ? ', no seat limit' : ` of ${tenant.seatLimit} seats`}
        </Fact>
        <NextChange />
        <Fact label="Compared with Stripe">
          <Verified />
        </Fact>
        <Fact label="Created">
          <When value={tenant.createdAt} />
        </Fact>
        <Fact label="Id">
          <Id value={tenant.id} />
        </Fact>
        {tenant.suspendedReason && <Fact label="Suspended because">{tenant.suspendedReason}</Fact>}
      </Facts>
    </Section>
  );
}

/** Opens the create form of what belongs to this tenant, with the tenant filled in. */
function Add({ resource, label }: { resource: string; label: string }) {
  const tenant = useRecordContext();
  const { canAccess } = useCanAccess({ resource, action: 'create' });
  if (!tenant || !canAccess || tenant.status !== 'active') return null;
  return (
    <Button
      size="small"
      variant="outlined"
      component={Link}
      to={`/${resource}/create`}
      state={{ record: { tenantId: tenant.id } }}
    >
      {label}
    </Button>
  );
}

const Many = ({ resource, sort, children }: { resource: string; sort: string; children: React.ReactNode }) => (
  <ReferenceManyField
    reference={resource}
    target="tenantId"
    sort={{ field: sort, order: 'DESC' }}
    perPage={10}
    pagination={<Pagination rowsPerPageOptions={[10, 25]} />}
  >
    {children}
  </ReferenceManyField>
);

export const TenantShow = () => (
  <Show actions={<Verbs />} component="div">
    <Head />
    <OpenFindings />
    <ExplanationPanel />
    <BillingSection />
    <Section title="Members" action={<Add resource="memberships" label="Add a member" />}>
      <Many resource="memberships" sort="createdAt">
        <MembershipsTable hide={['tenant']} />
      </Many>
    </Section>
    <Section title="Invitations" action={<Add resource="invitations" label="Invite" />}>
      <Many resource="invitations" sort="createdAt">
        <InvitationsTable hide={['tenant']} />
      </Many>
    </Section>
    <Section title="All subscriptions">
      <Many resource="subscriptions" sort="startedAt">
        <SubscriptionsTable hide={['tenant']} />
      </Many>
    </Section>
    <Section title="Overrides" action={<Add resource="overrides" label="Grant a plan" />}>
      <Many resource="overrides" sort="endsAt">
        <OverridesTable hide={['tenant']} />
      </Many>
    </Section>
    <Section title="Plan history">
      <Many resource="plan-changes" sort="at">
        <PlanChangesTable hide={['tenant']} explain={<ExplainChange />} />
      </Many>
    </Section>
    <Section title="Audit trail">
      <Many resource="audit-log" sort="at">
        <AuditTable hide={['tenant']} />
      </Many>
    </Section>
    <Typography variant="caption" color="textSecondary">
      Times are told from now; hover for the exact moment.
    </Typography>
  </Show>
);
