import EventIcon from '@mui/icons-material/WebhookOutlined';
import { Datagrid, SelectInput, SimpleList, TextField, TextInput, TopToolbar } from 'react-admin';
import { Act } from '../parts/act';
import { Status, StatusField, WhenField } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';

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
