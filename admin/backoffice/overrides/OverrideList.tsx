import { Box } from '@mui/material';
import { AutocompleteInput, ReferenceInput, SelectInput, SimpleList } from 'react-admin';
import { TenantField } from '../parts/fields';
import { planFilter } from '../parts/filters';
import { ListPage, usePhone } from '../parts/list';
import { money } from '../parts/money';
import { Standing } from './fields';
import { OverridesTable } from './OverridesTable';
import { kindOf, type Override } from './override';
import { Totals } from './Totals';

const STATUSES = [
  { id: 'running', name: 'running' },
  { id: 'ending', name: 'ending within 3 days' },
  { id: 'upcoming', name: 'upcoming' },
  { id: 'ended', name: 'ended' },
];
const none = 'No overrides. An admin can grant a plan for a while.';
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const filters = [
  <SelectInput source="status" key="status" choices={STATUSES} alwaysOn />,
  planFilter('planId', 'Plan'),
  <ReferenceInput source="tenantId" reference="tenants" key="tenant">
    <AutocompleteInput label="Tenant" optionText="name" filterToQuery={(q: string) => ({ q })} />
  </ReferenceInput>,
];

export function OverrideList() {
  const phone = usePhone();
  return (
    <Box sx={{ pt: 2 }}>
      <Totals />
      <ListPage
        filters={filters}
        filterDefaultValues={{ status: 'running' }}
        sort={{ field: 'endsAt', order: 'ASC' }}
        creatable
        none={none}
      >
        {phone ? (
          <SimpleList<Override>
            primaryText={() => <TenantField />}
            secondaryText={(one) =>
              `${one.planId}, ${kindOf(one)}, until ${date.format(new Date(one.endedAt ?? one.endsAt))}${
                one.cost && one.decides ? ` · ${money(one.cost)}/month` : ''
              }`
            }
            tertiaryText={() => <Standing />}
            linkType="show"
          />
        ) : (
          <OverridesTable none={none} />
        )}
      </ListPage>
    </Box>
  );
}
