import Icon from '@mui/icons-material/ContactMailOutlined';
import { Box, Link, Typography } from '@mui/material';
import { Datagrid, FunctionField, type RaRecord, Show, SimpleList, useRecordContext } from 'react-admin';
import { TenantField, UserField, When, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { Fact, Facts, Section } from '../parts/section';

const NONE =
  'Nobody has written to sales yet. What customers send from the portal’s “contact sales” stands here, and is mailed to every admin.';
const whoOf = ({ name, email }: RaRecord) => name || email || 'somebody without a name';

function ContactList() {
  const phone = usePhone();
  return (
    <ListPage sort={{ field: 'createdAt', order: 'DESC' }} none={NONE}>
      {phone ? (
        <SimpleList
          primaryText={whoOf}
          secondaryText={({ message }) => message}
          tertiaryText={({ createdAt }) => <When value={createdAt} />}
          linkType="show"
        />
      ) : (
        <Datagrid bulkActionButtons={false} rowClick="show" empty={emptyOf(NONE)}>
          <FunctionField label="From" render={whoOf} />
          <TenantField label="Tenant" sortable={false} />
          <FunctionField
            label="Message"
            render={({ message }: RaRecord) => (
              <Box sx={{ maxWidth: 460, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
                {message}
              </Box>
            )}
          />
          <WhenField source="createdAt" label="When" />
        </Datagrid>
      )}
    </ListPage>
  );
}

function Letter() {
  const request = useRecordContext();
  if (!request) return null;
  return (
    <Section title={whoOf(request)}>
      <Facts>
        <Fact label="User">
          <UserField />
        </Fact>
        <Fact label="Tenant">
          <TenantField />
        </Fact>
        <Fact label="Answer to">
          {request.email ? <Link href={`mailto:${request.email}`}>{request.email}</Link> : 'no address'}
        </Fact>
        <Fact label="When">
          <When value={request.createdAt} />
        </Fact>
      </Facts>
      <Typography sx={{ px: 2, pb: 2, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{request.message}</Typography>
    </Section>
  );
}

const ContactShow = () => (
  <Show component="div" actions={false}>
    <Letter />
  </Show>
);

export const contactRequests = {
  name: 'contact-requests',
  icon: Icon,
  list: ContactList,
  show: ContactShow,
  options: { label: 'Contact requests' },
};
