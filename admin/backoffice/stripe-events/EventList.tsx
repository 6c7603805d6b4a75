import { Box } from '@mui/material';
import {
  Datagrid,
  FunctionField,
  SearchInput,
  SelectInput,
  SimpleList,
  TextField,
  TextInput,
  useCanAccess,
} from 'react-admin';
import { Lines, Muted, Status, StatusField, When } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { MomentInput } from '../parts/moment-input';
import { SOURCES, type StripeEvent } from './event';
import { ReplayFailed } from './ReplayFailed';
import { ReplayMany } from './ReplayMany';

const noEvents = 'No events yet. Stripe sends one for everything that happens to a subscription.';

/** Why it failed, and after how many attempts. */
function Fault({ event: { attempts, error } }: { event: StripeEvent }) {
  if (!error) return <Muted>—</Muted>;
  return (
    <Box component="span" sx={{ overflowWrap: 'anywhere' }}>
      {error} {attempts > 1 && <Muted>({attempts} attempts)</Muted>}
    </Box>
  );
}

const filters = [
  <SearchInput source="q" key="q" placeholder="evt_… or cus_…" alwaysOn />,
  <SelectInput
    source="status"
    key="status"
    choices={choices(['received', 'processed', 'ignored', 'failed'])}
    alwaysOn
  />,
  <TextInput source="type" key="type" label="Type, as Stripe calls it" />,
  <TextInput source="customerId" key="customer" label="Stripe customer" />,
  <SelectInput
    source="source"
    key="source"
    choices={Object.entries(SOURCES).map(([id, name]) => ({ id, name }))}
    label="Came"
  />,
  <MomentInput source="receivedAt_gte" key="from" label="Received from" />,
  <MomentInput source="receivedAt_lte" key="to" label="Received until" />,
];

export function EventList() {
  const phone = usePhone();
  const { canAccess } = useCanAccess({ resource: 'stripe-events', action: 'replay' });
  return (
    <ListPage filters={filters} sort={{ field: 'receivedAt', order: 'DESC' }} none={noEvents} extra={<ReplayFailed />}>
      {phone ? (
        <SimpleList<StripeEvent>
          primaryText={(one) => one.type}
          secondaryText={(one) => one.error ?? one.customerId ?? '—'}
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
                <Muted>{SOURCES[source]}</Muted>
              </Lines>
            )}
          />
        </Datagrid>
      )}
    </ListPage>
  );
}
