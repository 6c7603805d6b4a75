import Icon from '@mui/icons-material/PersonOutlined';
import {
  Create,
  Datagrid,
  NumberField,
  ReferenceManyField,
  SearchInput,
  SelectInput,
  Show,
  SimpleForm,
  SimpleList,
  TextField,
  TextInput,
  useRecordContext,
} from 'react-admin';
import { EditPage } from '../parts/edit-page';
import { Id, Status, StatusField, When, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { SaveBar } from '../parts/save-bar';
import { Fact, Facts, Section } from '../parts/section';
import { MembershipsTable } from '../parts/tables';

const statuses = ['active', 'suspended'].map((id) => ({ id, name: id }));
const filters = [
  <SearchInput source="q" alwaysOn key="q" placeholder="Name or address" />,
  <SelectInput source="status" key="status" choices={statuses} />,
];
const none = 'No users yet. They appear when they first sign in.';

function UserList() {
  const phone = usePhone();
  return (
    <ListPage filters={filters} sort={{ field: 'createdAt', order: 'DESC' }} creatable none={none}>
      {phone ? (
        <SimpleList
          primaryText={(user) => user.name || user.email}
          secondaryText={(user) => user.email}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(none)}>
          <TextField source="name" emptyText="—" />
          <TextField source="email" sortable={false} emptyText="—" />
          <StatusField source="status" sortable={false} />
          <NumberField source="tenantCount" label="Tenants" sortable={false} />
          <WhenField source="lastSeenAt" label="Last seen" />
          <WhenField source="createdAt" label="Created" />
        </Datagrid>
      )}
    </ListPage>
  );
}

function Head() {
  const user = useRecordContext();
  if (!user) return null;
  return (
    <Section title={user.name || user.email || 'Unnamed user'} action={<Status value={user.status} />}>
      <Facts>
        <Fact label="Address">{user.email ?? '—'}</Fact>
        <Fact label="Last seen">
          <When value={user.lastSeenAt} />
        </Fact>
        <Fact label="Created">
          <When value={user.createdAt} />
        </Fact>
        <Fact label="Id">
          <Id value={user.id} />
        </Fact>
        {user.identities.map((one: { issuer: string; subject: string }) => (
          <Fact key={one.issuer + one.subject} label={`Identity at ${one.issuer}`}>
            <code>{one.subject}</code>
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

const UserShow = () => (
  <Show component="div">
    <Head />
    <Section title="Tenants">
      <ReferenceManyField reference="memberships" target="userId" sort={{ field: 'createdAt', order: 'DESC' }}>
        <MembershipsTable hide={['user']} />
      </ReferenceManyField>
    </Section>
  </Show>
);

const UserCreate = () => (
  <Create redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TextInput source="email" type="email" required autoFocus />
      <TextInput source="name" />
    </SimpleForm>
  </Create>
);

const UserEdit = () => (
  <EditPage redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }} toolbar={<SaveBar />}>
      <TextInput source="name" />
      <TextInput source="email" type="email" />
      <SelectInput source="status" choices={statuses} helperText="A suspended user can't use any tenant" />
    </SimpleForm>
  </EditPage>
);

export const users = {
  name: 'users',
  icon: Icon,
  list: UserList,
  show: UserShow,
  create: UserCreate,
  edit: UserEdit,
  recordRepresentation: (user: { name?: string; email?: string; id: string }) => user.name || user.email || user.id,
};
