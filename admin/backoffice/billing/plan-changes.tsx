import ChangeIcon from '@mui/icons-material/HistoryOutlined';
import { SelectInput, SimpleList } from 'react-admin';
import { TenantField, When } from '../parts/fields';
import { choices, planFilter } from '../parts/filters';
import { ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { PlanChangesTable } from '../parts/tables';

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
