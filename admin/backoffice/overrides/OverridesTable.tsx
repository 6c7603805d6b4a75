import { Datagrid, FunctionField, TextField } from 'react-admin';
import { PlanField, TenantField } from '../parts/fields';
import { emptyOf } from '../parts/list';
import { Cost, Ends, Standing } from './fields';
import { kindOf, type Override } from './override';

const NONE = 'No overrides. An admin can grant a plan for a while.';

/** Overrides with where they stand and what they cost; on a tenant's page without the tenant. */
export const OverridesTable = ({ hide = [], none = NONE }: { hide?: 'tenant'[]; none?: string }) => (
  <Datagrid bulkActionButtons={false} rowClick="show" empty={emptyOf(none)}>
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <PlanField label="Plan" sortable={false} />
    <FunctionField label="Kind" sortable={false} render={(one: Override) => kindOf(one)} />
    <FunctionField label="Status" sortable={false} render={() => <Standing />} />
    <FunctionField source="endsAt" label="Ends" render={() => <Ends />} />
    <FunctionField label="Costs a month" sortable={false} textAlign="right" render={() => <Cost />} />
    <TextField source="reason" sortable={false} />
  </Datagrid>
);
