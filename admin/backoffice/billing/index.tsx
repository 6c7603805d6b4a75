import SubscriptionIcon from '@mui/icons-material/AutorenewOutlined';
import ChangeIcon from '@mui/icons-material/HistoryOutlined';
import OverrideIcon from '@mui/icons-material/LockClockOutlined';
import FindingIcon from '@mui/icons-material/ReportProblemOutlined';
import EventIcon from '@mui/icons-material/WebhookOutlined';
import {
  BooleanInput,
  Create,
  Datagrid,
  DateTimeInput,
  FunctionField,
  ReferenceInput,
  SelectInput,
  SimpleForm,
  SimpleList,
  TextField,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import { SUBSCRIPTION_STATUSES } from '../../../domain/subscription-status';
import { TenantInput } from '../memberships';
import { Act } from '../parts/act';
import { Status, StatusField, TenantField, When, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { OverridesTable, PlanChangesTable, SubscriptionsTable } from '../parts/tables';

const choices = (words: readonly string[]) => words.map((id) => ({ id, name: id.replaceAll('_', ' ') }));
const planFilter = (source: string, label: string) => (
  <ReferenceInput source={source} reference="plans" key={source} sort={{ field: 'rank', order: 'ASC' }}>
    <SelectInput label={label} optionText="name" />
  </ReferenceInput>
);

function SubscriptionList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SelectInput source="status" key="status" choices={choices(SUBSCRIPTION_STATUSES)} alwaysOn />,
        planFilter('planId', 'Plan'),
      ]}
      sort={{ field: 'startedAt', order: 'DESC' }}
      none="No subscriptions yet."
    >
      {phone ? (
        <SimpleList
          primaryText={() => <TenantField />}
          secondaryText={(one) => one.planId ?? '—'}
          tertiaryText={(one) => <Status value={one.status} />}
          linkType="show"
        />
      ) : (
        <SubscriptionsTable />
      )}
    </ListPage>
  );
}
const SubscriptionShow = () => (
  <RecordShow
    title="id"
    fields={[
      'tenantId',
      'planId',
      'status',
      'customerId',
      'priceId',
      'quantity',
      'currentPeriodEnd',
      'cancelAtPeriodEnd',
      'cancelAt',
      'trialEnd',
      'pauseCollection',
      'pastDueSince',
      'startedAt',
      'syncedAt',
      'livemode',
      'items',
    ]}
  />
);
export const subscriptions = {
  name: 'subscriptions',
  icon: SubscriptionIcon,
  list: SubscriptionList,
  show: SubscriptionShow,
};

function PlanChangeList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        planFilter('toPlanId', 'To plan'),
        <SelectInput source="source" key="source" choices={choices(['base', 'subscription', 'override'])} alwaysOn />,
      ]}
      sort={{ field: 'at', order: 'DESC' }}
      none="No plan changes yet."
    >
      {phone ? (
        <SimpleList
          primaryText={() => <TenantField />}
          secondaryText={(one) => `${one.fromPlanId ?? 'new'} → ${one.toPlanId}`}
          tertiaryText={(one) => <When value={one.at} />}
          linkType="show"
        />
      ) : (
        <PlanChangesTable />
      )}
    </ListPage>
  );
}
const PlanChangeShow = () => (
  <RecordShow
    title="reason"
    fields={['tenantId', 'fromPlanId', 'toPlanId', 'source', 'at', 'actor', 'subscriptionId', 'eventId', 'id']}
  />
);
export const planChanges = {
  name: 'plan-changes',
  icon: ChangeIcon,
  list: PlanChangeList,
  show: PlanChangeShow,
  options: { label: 'Plan changes' },
};

function OverrideList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[planFilter('planId', 'Plan')]}
      sort={{ field: 'endsAt', order: 'DESC' }}
      creatable
      none="No overrides."
    >
      {phone ? (
        <SimpleList
          primaryText={() => <TenantField />}
          secondaryText={(one) => `${one.planId} · ${one.reason}`}
          tertiaryText={(one) => <When value={one.endsAt} />}
          linkType="show"
        />
      ) : (
        <OverridesTable />
      )}
    </ListPage>
  );
}
const OverrideCreate = () => (
  <Create redirect={(_resource, _id, data) => `tenants/${data?.tenantId}/show`}>
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TenantInput />
      <ReferenceInput source="planId" reference="plans" sort={{ field: 'rank', order: 'ASC' }}>
        <SelectInput label="Plan" optionText="name" isRequired />
      </ReferenceInput>
      <DateTimeInput
        source="endsAt"
        label="Until"
        isRequired
        parse={(value: string) => (value ? new Date(value).toISOString() : null)}
      />
      <BooleanInput source="pin" label="Pinned: hold the tenant to exactly this plan, downward too" />
      <TextInput source="reason" required multiline helperText="Stands in the audit trail and the plan history" />
    </SimpleForm>
  </Create>
);
function OverrideVerbs() {
  const override = useRecordContext();
  if (!override || override.endedAt || new Date(override.endsAt) <= new Date()) return <TopToolbar />;
  return (
    <TopToolbar>
      <Act
        resource="overrides"
        verb="end"
        label="End now"
        color="error"
        reason
        explain="The tenant falls back at once to what its subscription or base plan gives."
        done="Ended"
      />
    </TopToolbar>
  );
}
const OverrideShow = () => (
  <RecordShow
    title="reason"
    actions={<OverrideVerbs />}
    fields={['tenantId', 'planId', 'pin', 'startsAt', 'endsAt', 'endedAt', 'createdBy', 'id']}
  />
);
export const overrides = {
  name: 'overrides',
  icon: OverrideIcon,
  list: OverrideList,
  show: OverrideShow,
  create: OverrideCreate,
};

const noFindings = 'Nothing to look at: Stripe and Tenantry agree.';
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
        <SelectInput source="severity" key="severity" choices={choices(['info', 'warning', 'critical'])} />,
      ]}
      filterDefaultValues={{ status: 'open' }}
      sort={{ field: 'lastSeenAt', order: 'DESC' }}
      none={noFindings}
    >
      {phone ? (
        <SimpleList
          primaryText={(one) => one.summary}
          secondaryText={() => <TenantField />}
          tertiaryText={(one) => <Status value={one.severity} />}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(noFindings)}>
          <StatusField source="severity" sortable={false} />
          <TextField source="summary" sortable={false} />
          <TenantField label="Tenant" sortable={false} />
          <FunctionField
            label="At risk"
            sortable={false}
            render={(one: { atRisk?: { amount: number; currency: string } | null }) => money(one.atRisk)}
          />
          <StatusField source="status" sortable={false} />
          <WhenField source="firstSeenAt" label="First seen" />
          <WhenField source="lastSeenAt" label="Last seen" />
        </Datagrid>
      )}
    </ListPage>
  );
}
/** Stripe's minor units, as money; every currency of the demo has two decimals, others are told by Intl. */
export const money = (value?: { amount: number; currency: string } | null): string => {
  if (!value) return '—';
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: value.currency.toUpperCase() });
  return format.format(value.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
};
const FindingShow = () => (
  <RecordShow
    title="summary"
    fields={[
      'kind',
      'severity',
      'status',
      'tenantId',
      'customerId',
      'subscriptionId',
      'expected',
      'actual',
      'firstSeenAt',
      'lastSeenAt',
      'resolvedAt',
      'id',
    ]}
  />
);
export const findings = { name: 'findings', icon: FindingIcon, list: FindingList, show: FindingShow };

const noEvents = 'No events yet. Stripe sends one for everything that happens to a subscription.';
function EventList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SelectInput
          source="status"
          key="status"
          choices={choices(['received', 'processed', 'ignored', 'failed'])}
          alwaysOn
        />,
        <TextInput source="customerId" key="customer" label="Stripe customer" />,
      ]}
      sort={{ field: 'receivedAt', order: 'DESC' }}
      none={noEvents}
    >
      {phone ? (
        <SimpleList
          primaryText={(one) => one.type}
          secondaryText={(one) => one.customerId ?? '—'}
          tertiaryText={(one) => <Status value={one.status} />}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(noEvents)}>
          <TextField source="type" sortable={false} />
          <StatusField source="status" sortable={false} />
          <TextField source="customerId" label="Customer" emptyText="—" sortable={false} className="mono" />
          <TextField source="source" sortable={false} />
          <TextField source="attempts" sortable={false} />
          <TextField source="error" emptyText="—" sortable={false} />
          <WhenField source="receivedAt" label="Received" />
        </Datagrid>
      )}
    </ListPage>
  );
}
const EventVerbs = () => (
  <TopToolbar>
    <Act
      resource="stripe-events"
      verb="replay"
      label="Replay"
      explain="The customer of this event is read from Stripe again, and its tenant's plan is decided anew."
      done="Queued"
    />
  </TopToolbar>
);
const EventShow = () => (
  <RecordShow
    title="type"
    actions={<EventVerbs />}
    fields={[
      'id',
      'status',
      'customerId',
      'source',
      'attempts',
      'error',
      'createdAt',
      'receivedAt',
      'processedAt',
      'livemode',
      'payload',
    ]}
  />
);
export const stripeEvents = {
  name: 'stripe-events',
  icon: EventIcon,
  list: EventList,
  show: EventShow,
  options: { label: 'Stripe events' },
};
