import {
  Datagrid,
  NullableBooleanInput,
  NumberField,
  ReferenceInput,
  SearchInput,
  SelectInput,
  SimpleList,
  TextField,
} from 'react-admin';
import { TENANT_STATUSES } from '../../../domain/tenant';
import { Verified } from '../convergence/Verified';
import { PlanField, Status, StatusField, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';

const choices = (words: readonly string[]) => words.map((id) => ({ id, name: id }));
const filters = [
  <SearchInput source="q" alwaysOn key="q" placeholder="Name or id" />,
  <SelectInput source="status" key="status" choices={choices(TENANT_STATUSES)} alwaysOn />,
  <ReferenceInput source="planId" reference="plans" key="plan" sort={{ field: 'rank', order: 'ASC' }}>
    <SelectInput label="Plan" optionText="name" />
  </ReferenceInput>,
  <SelectInput
    source="planSource"
    key="source"
    label="Plan comes from"
    choices={choices(['base', 'subscription', 'override'])}
  />,
  <NullableBooleanInput source="verified" key="verified" label="Proven equal to Stripe" />,
];
const none = 'No tenants yet. Create the first one, or let a customer sign up.';

export function TenantList() {
  const phone = usePhone();
  return (
    <ListPage filters={filters} sort={{ field: 'createdAt', order: 'DESC' }} creatable none={none}>
      {phone ? (
        <SimpleList
          primaryText={(tenant) => tenant.name}
          secondaryText={(tenant) => (
            <>
              {tenant.planId} · {tenant.memberCount} members · <Verified />
            </>
          )}
          tertiaryText={(tenant) => <Status value={tenant.status} />}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(none)}>
          <TextField source="name" sx={{ fontWeight: 560 }} />
          <StatusField source="status" sortable={false} />
          <PlanField label="Plan" sortable={false} />
          <TextField source="planSource" label="From" sortable={false} />
          <StatusField source="subscriptionStatus" label="Subscription" sortable={false} />
          <NumberField source="memberCount" label="Members" />
          <Verified label="Compared with Stripe" sortable={false} />
          <WhenField source="createdAt" label="Created" />
        </Datagrid>
      )}
    </ListPage>
  );
}
