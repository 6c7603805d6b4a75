import EventIcon from '@mui/icons-material/WebhookOutlined';
import { Box, Typography } from '@mui/material';
import {
  Datagrid,
  FunctionField,
  type RaRecord,
  SelectInput,
  SimpleList,
  TextField,
  TextInput,
  TopToolbar,
  useCanAccess,
  useRecordContext,
} from 'react-admin';
import { Act } from '../parts/act';
import { Lines, Muted, Status, StatusField, When } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { Section } from '../parts/section';
import { ReplayMany } from './replay-many';

const noEvents = 'No events yet. Stripe sends one for everything that happens to a subscription.';

interface StripeEvent extends RaRecord {
  receivedAt: string;
  source: 'webhook' | 'catch-up' | 'replay';
  attempts: number;
  error: string | null;
}

/** Why it failed, and after how many attempts. */
function Fault({ event: { attempts, error } }: { event: StripeEvent }) {
  if (!error) return <Muted>—</Muted>;
  return (
    <Box component="span" sx={{ overflowWrap: 'anywhere' }}>
      {error} {attempts > 1 && <Muted>({attempts} attempts)</Muted>}
    </Box>
  );
}

function EventList() {
  const phone = usePhone();
  const { canAccess } = useCanAccess({ resource: 'stripe-events', action: 'replay' });
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
        <Datagrid rowClick="show" bulkActionButtons={canAccess ? <ReplayMany /> : false} empty={emptyOf(noEvents)}>
          <TextField source="type" sortable={false} />
          <StatusField source="status" sortable={false} />
          <TextField source="customerId" label="Customer" emptyText="—" sortable={false} className="mono" />
          <FunctionField label="Error" render={(one: StripeEvent) => <Fault event={one} />} />
          <FunctionField
            source="receivedAt"
            label="Received"
            render={({ receivedAt, source }: StripeEvent) => (
              <Lines>
                <When value={receivedAt} />
                <Muted>by {source}</Muted>
              </Lines>
            )}
          />
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
/** Kept for people to read, and purged after 90 days; never what a plan is decided from. */
function Payload() {
  const event = useRecordContext();
  if (!event) return null;
  return (
    <Section title="Payload">
      <Box sx={{ px: 2, pb: 2 }}>
        {event.payload ? (
          <Box component="pre" className="mono" sx={{ m: 0, maxHeight: 480, overflow: 'auto' }}>
            {JSON.stringify(event.payload, null, 2)}
          </Box>
        ) : (
          <Typography variant="body2" color="textSecondary">
            Purged: payloads are kept for 90 days. The event can still be replayed, since a replay reads Stripe itself.
          </Typography>
        )}
      </Box>
    </Section>
  );
}
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
    ]}
  >
    <Payload />
  </RecordShow>
);
export const stripeEvents = {
  name: 'stripe-events',
  icon: EventIcon,
  list: EventList,
  show: EventShow,
  options: { label: 'Stripe events' },
  recordRepresentation: 'type',
};
