import DownIcon from '@mui/icons-material/ArrowDownwardOutlined';
import UpIcon from '@mui/icons-material/ArrowUpwardOutlined';
import { Box } from '@mui/material';
import { Datagrid, FunctionField, type RaRecord, SimpleList, TextField } from 'react-admin';
import { PlanField, Status, StatusField } from '../parts/fields';
import { emptyOf, usePhone } from '../parts/list';
import { counted, type Run } from './run';

interface Change extends RaRecord {
  tenantId: string;
  tenantName: string | null;
  fromPlanId: string;
  toPlanId: string;
  reason: string;
  lowers: boolean;
  state: 'planned' | 'applied' | 'stale' | 'failed';
}

/** Which way the plan goes: worse in a warning's colour. */
const Direction = ({ lowers }: Pick<Change, 'lowers'>) => (
  <Box component="span" sx={{ display: 'inline-flex', color: lowers ? 'error.main' : 'success.main' }}>
    {lowers ? <DownIcon titleAccess="lower" fontSize="small" /> : <UpIcon titleAccess="higher" fontSize="small" />}
  </Box>
);

const nothing = ({ status, changed }: Run): string => {
  if (status === 'running') return 'None found so far.';
  if (status !== 'done') return 'None were found before it stopped.';
  if (changed === 0) return 'No plan changes: everybody has what Stripe says.';
  return `No plan changes: the ${counted(changed, 'difference')} concerned details such as dates, prices or quantities.`;
};

const toTenant = (_id: unknown, _resource: string, { tenantId }: RaRecord) => `/tenants/${tenantId}/show`;
const nameOf = ({ tenantName, tenantId }: Change) => tenantName ?? tenantId;

/** Whose plan changes, and why; a row opens the tenant. */
export function ChangesTable({ run }: { run: Run }) {
  const phone = usePhone();
  const empty = emptyOf(nothing(run));
  return phone ? (
    <SimpleList<Change>
      primaryText={nameOf}
      secondaryText={({ fromPlanId, toPlanId, reason }) => `${fromPlanId} → ${toPlanId}. ${reason}`}
      tertiaryText={({ state }) => <Status value={state} />}
      rowClick={toTenant}
      empty={empty}
    />
  ) : (
    <Datagrid bulkActionButtons={false} rowClick={toTenant} empty={empty}>
      <FunctionField label="Tenant" render={(change: Change) => nameOf(change)} />
      <PlanField source="fromPlanId" label="From" sortable={false} />
      <FunctionField label="" render={(change: Change) => <Direction {...change} />} />
      <PlanField source="toPlanId" label="To" sortable={false} />
      <TextField source="reason" label="Why" sortable={false} />
      <StatusField source="state" label="State" sortable={false} />
    </Datagrid>
  );
}
