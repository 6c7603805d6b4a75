import { Chip } from '@mui/material';
import { BooleanInput, Datagrid, FunctionField, NumberField, SelectInput, SimpleList, TextField } from 'react-admin';
import { counted } from '../parts/counted';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { KINDS, kindChoices, type PlanRecord } from './plan';
import { UnmappedPrices } from './UnmappedPrices';

const none = 'No plans.';

/** Only what is out of the ordinary: the default, and what is retired. */
const Standing = ({ of: { isDefault, active } }: { of: PlanRecord }) => (
  <>
    {isDefault && <Chip size="small" variant="outlined" color="primary" label="default" sx={{ height: 22 }} />}
    {!active && <Chip size="small" variant="outlined" label="retired" sx={{ height: 22 }} />}
  </>
);

function Plans() {
  const phone = usePhone();
  return (
    <ListPage
      sort={{ field: 'rank', order: 'ASC' }}
      creatable
      none={none}
      filters={[
        <SelectInput source="kind" key="kind" choices={kindChoices} />,
        <BooleanInput source="active" key="active" />,
      ]}
    >
      {phone ? (
        <SimpleList<PlanRecord>
          primaryText={(plan) => (
            <>
              {plan.name} <Standing of={plan} />
            </>
          )}
          secondaryText={(plan) => plan.priceText}
          tertiaryText={(plan) => counted(plan.tenantCount, 'tenant')}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(none)}>
          <TextField source="name" sortable={false} sx={{ fontWeight: 560 }} />
          <TextField source="id" className="mono" />
          <FunctionField label="Kind" render={({ kind }: PlanRecord) => KINDS[kind]} />
          <TextField source="priceText" label="Price" sortable={false} emptyText="—" />
          <NumberField source="rank" />
          <TextField source="limits.seats" label="Seats" emptyText="unlimited" sortable={false} />
          <NumberField source="tenantCount" label="Tenants" sortable={false} />
          <FunctionField label="" render={(plan: PlanRecord) => <Standing of={plan} />} />
        </Datagrid>
      )}
    </ListPage>
  );
}

/** The catalogue, and the prices that are missing from it. */
export const PlanList = () => (
  <>
    <Plans />
    <UnmappedPrices />
  </>
);
