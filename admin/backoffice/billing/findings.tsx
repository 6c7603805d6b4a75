import FindingIcon from '@mui/icons-material/ReportProblemOutlined';
import { Datagrid, FunctionField, SelectInput, SimpleList, TextField } from 'react-admin';
import { Status, StatusField, TenantField, WhenField } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { money } from '../parts/money';
import { RecordShow } from '../parts/record-show';

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
