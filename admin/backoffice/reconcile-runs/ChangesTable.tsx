import DownIcon from '@mui/icons-material/ArrowDownwardOutlined';
import UpIcon from '@mui/icons-material/ArrowUpwardOutlined';
import { Box } from '@mui/material';
import {
  Datagrid,
  FilterLiveForm,
  FunctionField,
  type RaRecord,
  ReferenceInput,
  SelectInput,
  SimpleList,
  TextInput,
} from 'react-admin';
import { counted } from '../parts/counted';
import { Lines, Muted, PlanField, Status, StatusField } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, usePhone } from '../parts/list';
import { type Money, money } from '../parts/money';
import type { Run } from './run';

interface Change extends RaRecord {
  tenantId: string;
  tenantName: string | null;
  fromPlanId: string;
  toPlanId: string;
  reason: string;
  /** Why it is stale, or what it failed of. */
  note: string | null;
  lowers: boolean;
  atRisk: Money | null;
  state: 'planned' | 'applied' | 'stale' | 'failed' | 'cancelled';
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

const narrow = { minWidth: 130, flex: '0 1 150px' };

/** What the table shows; the server has an index for each. */
const Filters = () => (
  <Box
    sx={{ px: 2, pb: 1, '& form': { display: 'flex', gap: 1, flexWrap: 'wrap' }, '& .MuiFormControl-root': { my: 0 } }}
  >
    <FilterLiveForm>
      <TextInput source="q" label="Tenant" resettable helperText={false} sx={{ minWidth: 180, flex: '1 1 200px' }} />
      <SelectInput
        source="lowers"
        label="Direction"
        helperText={false}
        sx={narrow}
        choices={[
          { id: true, name: 'lower' },
          { id: false, name: 'higher' },
        ]}
      />
      <SelectInput
        source="state"
        helperText={false}
        sx={narrow}
        choices={choices(['planned', 'applied', 'stale', 'failed', 'cancelled'])}
      />
      <ReferenceInput source="fromPlanId" reference="plans" sort={{ field: 'rank', order: 'ASC' }}>
        <SelectInput label="From" optionText="name" helperText={false} sx={narrow} />
      </ReferenceInput>
      <ReferenceInput source="toPlanId" reference="plans" sort={{ field: 'rank', order: 'ASC' }}>
        <SelectInput label="To" optionText="name" helperText={false} sx={narrow} />
      </ReferenceInput>
    </FilterLiveForm>
  </Box>
);

const Why = ({ change: { reason, note } }: { change: Change }) => (
  <Box sx={{ minWidth: 220 }}>
    {note ?? reason}
    {note && (
      <Box component="span" sx={{ display: 'block' }}>
        <Muted>Planned: {reason}</Muted>
      </Box>
    )}
  </Box>
);

/** Whose plan changes, and why; a row opens the tenant. */
export function ChangesTable({ run }: { run: Run }) {
  const phone = usePhone();
  const empty = emptyOf(nothing(run));
  return (
    <>
      <Filters />
      {phone ? (
        <SimpleList<Change>
          primaryText={nameOf}
          secondaryText={({ fromPlanId, toPlanId, reason, note }) => `${fromPlanId} → ${toPlanId}. ${note ?? reason}`}
          tertiaryText={({ state, atRisk }) => (
            <Lines>
              <Status value={state} />
              {atRisk && <Muted>{money(atRisk)}</Muted>}
            </Lines>
          )}
          rowClick={toTenant}
          empty={empty}
        />
      ) : (
        <Datagrid bulkActionButtons={false} rowClick={toTenant} empty={empty}>
          <FunctionField label="Tenant" render={(change: Change) => nameOf(change)} />
          <PlanField source="fromPlanId" label="From" sortable={false} />
          <FunctionField label="" render={(change: Change) => <Direction {...change} />} />
          <PlanField source="toPlanId" label="To" sortable={false} />
          <FunctionField label="Why" render={(change: Change) => <Why change={change} />} />
          <FunctionField
            source="atRiskAmount"
            label="A month"
            textAlign="right"
            render={({ atRisk }: Change) => money(atRisk)}
          />
          <StatusField source="state" label="State" sortable={false} />
        </Datagrid>
      )}
    </>
  );
}
