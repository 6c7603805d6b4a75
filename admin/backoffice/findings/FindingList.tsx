import { Box, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import {
  AutocompleteInput,
  Datagrid,
  FunctionField,
  ReferenceInput,
  SelectInput,
  SimpleList,
  useCanAccess,
  useDataProvider,
  useListContext,
} from 'react-admin';
import type { Api } from '../api';
import { Day, Lines, Muted, Status, StatusField, TenantField, When } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { money } from '../parts/money';
import { BulkVerbs } from './BulkVerbs';
import { CAUSES, causeOf } from './causes';
import type { Finding } from './finding';
import { InboxTabs } from './InboxTabs';

const causes = Object.entries(CAUSES)
  .map(([id, { title }]) => ({ id, name: title }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const none = 'Nothing to look at: Stripe and Tenantry agree.';

/** What stands where nothing is, by the place in the inbox. */
const NONE: Record<string, string> = {
  open: none,
  snoozed: 'Nothing is snoozed.',
  dismissed: 'Nothing was dismissed.',
  resolved: 'Nothing was resolved yet. Findings close by themselves when the difference is gone.',
};

const Told = ({ finding: { cause, summary } }: { finding: Finding }) => (
  <Box sx={{ minWidth: 240, overflowWrap: 'anywhere' }}>
    <Typography variant="body2" sx={{ fontWeight: 560 }}>
      {causeOf(cause).title}
    </Typography>
    <Muted>{summary}</Muted>
  </Box>
);

const AtRisk = ({ finding: { atRisk } }: { finding: Finding }) => (
  <Lines>
    <b>{money(atRisk)}</b>
    {atRisk && <Muted>a month</Muted>}
  </Lines>
);

/** Since when it is there, and when it comes back or went. */
const Age = ({ finding: { firstSeenAt, status, snoozedUntil, resolvedAt } }: { finding: Finding }) => (
  <Lines>
    <When value={firstSeenAt} />
    {status === 'snoozed' && <Muted>back {snoozedUntil && <Day value={snoozedUntil} />}</Muted>}
    {status === 'resolved' && (
      <Muted>
        gone <When value={resolvedAt} />
      </Muted>
    )}
  </Lines>
);

function Rows() {
  const phone = usePhone();
  const { filterValues } = useListContext();
  const { canAccess } = useCanAccess({ resource: 'findings', action: 'assign' });
  const { status, ...others } = filterValues as Record<string, unknown>;
  const plain = Object.keys(others).length === 0 && typeof status === 'string';
  const empty = plain ? (
    <Typography color="textSecondary" sx={{ p: 5, textAlign: 'center' }}>
      {NONE[status] ?? none}
    </Typography>
  ) : (
    emptyOf(none)
  );
  if (phone)
    return (
      <SimpleList<Finding>
        primaryText={(one) => causeOf(one.cause).title}
        secondaryText={(one) => one.summary}
        tertiaryText={(one) => (one.atRisk ? `${money(one.atRisk)}/month` : <Status value={one.severity} />)}
        linkType="show"
        empty={empty}
      />
    );
  return (
    <Datagrid
      rowClick="show"
      bulkActionButtons={canAccess ? <BulkVerbs /> : false}
      empty={empty}
      sx={{ '& .RaDatagrid-headerCell': { whiteSpace: 'nowrap' } }}
    >
      <FunctionField
        source="atRiskAmount"
        label="At risk"
        textAlign="right"
        sortByOrder="DESC"
        render={(one: Finding) => <AtRisk finding={one} />}
      />
      <FunctionField label="What" sortable={false} render={(one: Finding) => <Told finding={one} />} />
      <StatusField source="severity" sortable={false} />
      <TenantField label="Tenant" sortable={false} />
      <FunctionField
        label="Owner"
        sortable={false}
        render={({ owner }: Finding) => owner?.name ?? <Muted>nobody</Muted>}
      />
      <FunctionField source="firstSeenAt" label="Found" render={(one: Finding) => <Age finding={one} />} />
    </Datagrid>
  );
}

/** The operators who work on findings, and nobody, as choices. */
function useOwners(enabled: boolean) {
  const api = useDataProvider<Api>();
  const { data = [] } = useQuery({ queryKey: ['finding-owners'], queryFn: () => api.findingOwners(), enabled });
  return data;
}

/** The inbox: what differs between Stripe and us, the most money at risk first. */
export function FindingList() {
  const { canAccess = false } = useCanAccess({ resource: 'findings', action: 'assign' });
  const owners = useOwners(canAccess);
  const filters = [
    <SelectInput source="cause" key="cause" choices={causes} alwaysOn />,
    <SelectInput source="severity" key="severity" choices={choices(['info', 'warning', 'critical'])} alwaysOn />,
    ...(canAccess ? [<SelectInput source="ownerId" key="owner" label="Owner" choices={owners} />] : []),
    <ReferenceInput source="tenantId" reference="tenants" key="tenant">
      <AutocompleteInput label="Tenant" optionText="name" filterToQuery={(q: string) => ({ q })} />
    </ReferenceInput>,
  ];
  return (
    <ListPage
      filters={filters}
      filterDefaultValues={{ status: 'open' }}
      sort={{ field: 'atRiskAmount', order: 'DESC' }}
      none={none}
    >
      <InboxTabs />
      <Rows />
    </ListPage>
  );
}
