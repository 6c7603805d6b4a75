import DownIcon from '@mui/icons-material/ArrowDownwardOutlined';
import UpIcon from '@mui/icons-material/ArrowUpwardOutlined';
import { Box } from '@mui/material';
import { Datagrid, FunctionField, type RaRecord, TextField } from 'react-admin';
import { PlanField, StatusField } from '../parts/fields';
import { emptyOf } from '../parts/list';
import { counted, type Run } from './run';

interface Change extends RaRecord {
  tenantId: string;
  tenantName: string | null;
  lowers: boolean;
}

/** Which way the plan goes: worse in a warning's colour. */
const Direction = ({ lowers }: Pick<Change, 'lowers'>) => (
  <Box component="span" sx={{ display: 'inline-flex', color: lowers ? 'error.main' : 'success.main' }}>
    {lowers ? <DownIcon titleAccess="lower" fontSize="small" /> : <UpIcon titleAccess="higher" fontSize="small" />}
  </Box>
);

const nothing = ({ status, changed }: Run): string => {
  if (status === 'running') return 'None found so far.';
  if (changed === 0) return 'No plan changes: everybody has what Stripe says.';
  return `No plan changes: the ${counted(changed, 'difference')} concerned details such as dates, prices or quantities.`;
};

/** Whose plan changes, and why; a row opens the tenant. */
export const ChangesTable = ({ run }: { run: Run }) => (
  <Datagrid
    bulkActionButtons={false}
    rowClick={(_id, _resource, change) => `/tenants/${change.tenantId}/show`}
    empty={emptyOf(nothing(run))}
  >
    <FunctionField<Change> label="Tenant" sortable={false} render={(one) => one.tenantName ?? one.tenantId} />
    <PlanField source="fromPlanId" label="From" sortable={false} />
    <FunctionField<Change> label="" render={({ lowers }) => <Direction lowers={lowers} />} />
    <PlanField source="toPlanId" label="To" sortable={false} />
    <TextField source="reason" label="Why" sortable={false} />
    <StatusField source="state" label="State" sortable={false} />
  </Datagrid>
);
