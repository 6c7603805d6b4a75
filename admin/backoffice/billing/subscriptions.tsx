import SubscriptionIcon from '@mui/icons-material/AutorenewOutlined';
import { Box } from '@mui/material';
import { SelectInput, SimpleList } from 'react-admin';
import { SUBSCRIPTION_STATUSES } from '../../../domain/subscription-status';
import { Status, TenantField } from '../parts/fields';
import { choices, planFilter } from '../parts/filters';
import { ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { Section } from '../parts/section';
import { SubscriptionsTable } from '../parts/tables';
import { Upcoming } from '../parts/upcoming';

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
  >
    <Section title="What comes next">
      <Box sx={{ px: 2, pb: 2 }}>
        <Upcoming />
      </Box>
    </Section>
  </RecordShow>
);
export const subscriptions = {
  name: 'subscriptions',
  icon: SubscriptionIcon,
  list: SubscriptionList,
  show: SubscriptionShow,
};
