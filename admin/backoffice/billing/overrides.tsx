import OverrideIcon from '@mui/icons-material/LockClockOutlined';
import {
  BooleanInput,
  Create,
  DateTimeInput,
  ReferenceInput,
  SelectInput,
  SimpleForm,
  SimpleList,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import { TenantInput } from '../memberships';
import { Act } from '../parts/act';
import { TenantField, When } from '../parts/fields';
import { planFilter } from '../parts/filters';
import { ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { OverridesTable } from '../parts/tables';

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
