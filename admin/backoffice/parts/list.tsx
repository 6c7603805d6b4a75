import { Box, Typography, useMediaQuery } from '@mui/material';
import type { Theme } from '@mui/material/styles';
import { createContext, useContext } from 'react';
import {
  CreateButton,
  defaultExporter,
  ExportButton,
  type Exporter,
  FilterButton,
  List,
  type ListProps,
  TopToolbar,
  useCanAccess,
  useListContext,
  useResourceContext,
} from 'react-admin';

export const usePhone = () => useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'));

interface ActionsProps {
  filters: boolean;
  create: boolean;
  extra?: React.ReactNode;
}

function Actions({ filters, create, extra }: ActionsProps) {
  const resource = useResourceContext();
  const { canAccess } = useCanAccess({ resource: resource ?? '', action: 'create' });
  return (
    <TopToolbar>
      {filters && <FilterButton />}
      {create && canAccess && <CreateButton />}
      <ExportButton />
      {extra}
    </TopToolbar>
  );
}

function Empty({ text }: { text: string }) {
  const { filterValues, setFilters } = useListContext();
  const filtered = Object.keys(filterValues ?? {}).length > 0;
  return (
    <Box sx={{ p: 5, textAlign: 'center' }}>
      <Typography color="textSecondary">{filtered ? 'Nothing fits these filters.' : text}</Typography>
      {filtered && (
        <Box
          component="button"
          type="button"
          onClick={() => setFilters({}, [])}
          sx={{ mt: 1, border: 0, background: 'none', color: 'primary.main', font: 'inherit', cursor: 'pointer' }}
        >
          Clear the filters
        </Box>
      )}
    </Box>
  );
}

const None = createContext('Nothing is here yet.');

/** A cell that begins so is run by spreadsheets as a formula (OWASP, "CSV injection"): an apostrophe makes it text. */
const harmless = (value: unknown) => (typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const exporter: Exporter = (records, ...rest) =>
  defaultExporter(
    records.map((record) =>
      Object.fromEntries(Object.entries(record).map(([field, value]) => [field, harmless(value)])),
    ),
    ...rest,
  );

interface PageProps extends Omit<ListProps, 'empty' | 'actions'> {
  creatable?: boolean;
  /** More buttons above the list. */
  extra?: React.ReactNode;
  /** What an empty list says: what will stand here, and how it comes. */
  none: string;
}

/** A list page as all of ours are: filters, CSV, 25 a page, and words where there is nothing. */
export const ListPage = ({ creatable = false, extra, none, children, ...list }: PageProps) => (
  <List
    perPage={25}
    exporter={exporter}
    empty={false}
    actions={<Actions filters={Boolean(list.filters)} create={creatable} extra={extra} />}
    {...list}
  >
    <None.Provider value={none}>{children}</None.Provider>
  </List>
);

export const emptyOf = (text: string) => <Empty text={text} />;

/** The words of the list page around it. */
export const EmptyHere = () => <Empty text={useContext(None)} />;
