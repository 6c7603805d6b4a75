import { Tab, Tabs } from '@mui/material';
import { useCanAccess, useGetIdentity, useGetList, useListContext } from 'react-admin';
import type { Finding } from './finding';

const BOUND = 10_000;
const told = (n: number) => (n >= BOUND ? `${BOUND.toLocaleString('en')}+` : n.toLocaleString('en'));

interface Place {
  id: string;
  label: string;
  filter: { status: string; ownerId?: string };
}

/** How many stand there; nothing while it is asked. */
function Count({ filter }: Pick<Place, 'filter'>) {
  const { total } = useGetList<Finding>('findings', {
    filter,
    pagination: { page: 1, perPage: 1 },
    sort: { field: 'atRiskAmount', order: 'DESC' },
  });
  return total ? <> ({told(total)})</> : null;
}

/** The places of the inbox: each is a filter by state, and whose. */
export function InboxTabs() {
  const { filterValues, setFilters } = useListContext();
  const { identity } = useGetIdentity();
  const { canAccess: owns } = useCanAccess({ resource: 'findings', action: 'assign' });
  const me = identity ? String(identity.id) : undefined;
  const places: Place[] = [
    { id: 'open', label: 'Open', filter: { status: 'open' } },
    ...(owns && me ? [{ id: 'mine', label: 'Mine', filter: { status: 'open', ownerId: me } }] : []),
    { id: 'snoozed', label: 'Snoozed', filter: { status: 'snoozed' } },
    { id: 'dismissed', label: 'Dismissed', filter: { status: 'dismissed' } },
    { id: 'resolved', label: 'Resolved', filter: { status: 'resolved' } },
  ];
  const { status, ownerId, ...others } = filterValues;
  const at = ownerId && ownerId === me && status === 'open' ? 'mine' : status;
  const here = places.some(({ id }) => id === at) ? at : false;
  return (
    <Tabs
      value={here}
      onChange={(_event, id) => {
        const filter = places.find((place) => place.id === id)?.filter;
        // Whose they are stays chosen, but by leaving “Mine”.
        if (filter) setFilters({ ...others, ...(at !== 'mine' && ownerId ? { ownerId } : {}), ...filter }, []);
      }}
      variant="scrollable"
      scrollButtons={false}
      aria-label="Findings by state"
      sx={{ borderBottom: 1, borderColor: 'divider', minHeight: 44, '& .MuiTab-root': { minHeight: 44 } }}
    >
      {places.map(({ id, label, filter }) => (
        <Tab
          key={id}
          value={id}
          label={
            <span>
              {label}
              {(id === 'open' || id === 'mine' || id === 'snoozed') && <Count filter={{ ...others, ...filter }} />}
            </span>
          }
        />
      ))}
    </Tabs>
  );
}
