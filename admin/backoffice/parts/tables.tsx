import { Box, Typography } from '@mui/material';
import { Datagrid, FunctionField, TextField, useRecordContext } from 'react-admin';
import { ActorField, PlanField, StatusField, TenantField, UserField, WhenField } from './fields';
import { emptyOf } from './list';
import { Upcoming } from './upcoming';

interface TableProps {
  /** Columns that the page around it says already. */
  hide?: ('tenant' | 'user')[];
}

const none = { bulkActionButtons: false as const, rowClick: 'show' as const };

export const InvitationsTable = ({ hide = [], bulk }: TableProps & { bulk?: React.ReactElement }) => (
  <Datagrid
    {...none}
    bulkActionButtons={bulk ?? false}
    empty={emptyOf('No invitations. Invite somebody to send the first one.')}
  >
    <TextField source="email" sortable={false} />
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <TextField source="role" sortable={false} />
    <StatusField source="status" sortable={false} />
    <StatusField source="deliveryStatus" label="Delivery" sortable={false} />
    <WhenField source="createdAt" label="Invited" />
    <WhenField source="expiresAt" label="Expires" />
  </Datagrid>
);

export const MembershipsTable = ({ hide = [] }: TableProps) => (
  <Datagrid {...none} rowClick="edit" empty={emptyOf('No members yet. An accepted invitation makes one.')}>
    {!hide.includes('user') && <UserField label="User" sortable={false} />}
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <TextField source="role" sortable={false} />
    <WhenField source="createdAt" label="Since" />
  </Datagrid>
);

export const SubscriptionsTable = ({ hide = [] }: TableProps) => (
  <Datagrid {...none} empty={emptyOf('No subscription. One appears here when a plan is bought through Stripe.')}>
    <TextField source="id" sortable={false} className="mono" />
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <PlanField label="Plan" sortable={false} />
    <StatusField source="status" sortable={false} />
    <FunctionField label="Next" sortable={false} render={() => <Upcoming />} />
    <WhenField source="currentPeriodEnd" label="Period ends" />
    <WhenField source="startedAt" label="Started" />
  </Datagrid>
);

/** @param explain what stands at each row's end, to say more of it */
export const PlanChangesTable = ({ hide = [], explain }: TableProps & { explain?: React.ReactElement }) => (
  <Datagrid {...none} empty={emptyOf('No plan changes yet.')}>
    <WhenField source="at" label="When" />
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <PlanField source="fromPlanId" label="From" sortable={false} />
    <PlanField source="toPlanId" label="To" sortable={false} />
    <TextField source="reason" sortable={false} />
    <ActorField label="By" sortable={false} />
    {explain && <FunctionField label="" sortable={false} render={() => explain} />}
  </Datagrid>
);

export const EmailsTable = ({ hide = [] }: TableProps) => (
  <Datagrid {...none} empty={emptyOf('No mail has been sent yet.')}>
    <TextField source="to" sortable={false} />
    <TextField source="kind" sortable={false} />
    <StatusField source="status" sortable={false} />
    <TextField source="lastError" label="Error" emptyText="—" sortable={false} />
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <WhenField source="createdAt" label="Queued" />
  </Datagrid>
);

type Changes = Record<string, { from: unknown; to: unknown }>;
const told = (value: unknown) =>
  value === null || value === undefined || value === ''
    ? '—'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

/** Field by field, what an entry changed. */
export function Diff() {
  const changes = (useRecordContext()?.changes ?? {}) as Changes;
  const fields = Object.entries(changes);
  if (fields.length === 0)
    return (
      <Typography variant="body2" color="textSecondary">
        —
      </Typography>
    );
  return (
    <Box component="ul" sx={{ m: 0, p: 0, listStyle: 'none' }}>
      {fields.map(([field, { from, to }]) => (
        <Typography key={field} component="li" variant="body2">
          <Box component="span" sx={{ color: 'text.secondary' }}>
            {field}:{' '}
          </Box>
          <Box component="s" sx={{ color: 'text.secondary' }}>
            {told(from)}
          </Box>{' '}
          → <b>{told(to)}</b>
        </Typography>
      ))}
    </Box>
  );
}

export const AuditTable = ({
  hide = [],
  empty = emptyOf('Nothing has been changed yet.'),
}: TableProps & { empty?: React.ReactElement }) => (
  <Datagrid {...none} empty={empty}>
    <WhenField source="at" label="When" />
    <ActorField label="By" sortable={false} />
    <TextField source="action" sortable={false} />
    {!hide.includes('tenant') && <TenantField label="Tenant" sortable={false} />}
    <FunctionField label="Changes" sortable={false} render={() => <Diff />} />
    <TextField source="reason" emptyText="—" sortable={false} />
  </Datagrid>
);
