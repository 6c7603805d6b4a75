import Icon from '@mui/icons-material/KeyOutlined';
import { useState } from 'react';
import {
  Create,
  Datagrid,
  SelectInput,
  SimpleForm,
  SimpleList,
  TextField,
  TextInput,
  TopToolbar,
  useRecordContext,
  useRedirect,
} from 'react-admin';
import { operatorRoles } from '../operators/roles';
import { Act } from '../parts/act';
import { EditPage } from '../parts/edit-page';
import { ActorField, Muted, When, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { MomentInput } from '../parts/moment-input';
import { SaveBar } from '../parts/save-bar';
import { SecretShown } from './SecretShown';

const NONE = 'No keys yet. Make one for each program that calls the operator API, so that each can be ended alone.';

function Ends(_: { label?: string }) {
  const key = useRecordContext();
  if (!key?.expiresAt) return <Muted>never</Muted>;
  const over = new Date(key.expiresAt) <= new Date();
  return over ? <Muted>expired</Muted> : <When value={key.expiresAt} />;
}

function Used(_: { label?: string }) {
  const key = useRecordContext();
  return key?.lastUsedAt ? <When value={key.lastUsedAt} /> : <Muted>never</Muted>;
}

function ApiKeyList() {
  const phone = usePhone();
  return (
    <ListPage sort={{ field: 'createdAt', order: 'DESC' }} creatable none={NONE}>
      {phone ? (
        <SimpleList
          primaryText={(key) => key.name}
          secondaryText={(key) => `${key.prefix}…`}
          tertiaryText={(key) => key.role}
          linkType="edit"
        />
      ) : (
        <Datagrid rowClick="edit" bulkActionButtons={false} empty={emptyOf(NONE)}>
          <TextField source="name" sortable={false} />
          <TextField source="prefix" label="Begins with" sortable={false} sx={{ fontFamily: 'monospace' }} />
          <TextField source="role" sortable={false} />
          <Used label="Last used" />
          <Ends label="Expires" />
          <ActorField source="createdBy" label="Made by" />
          <WhenField source="createdAt" label="Made" />
        </Datagrid>
      )}
    </ListPage>
  );
}

function ApiKeyCreate() {
  const redirect = useRedirect();
  const [secret, setSecret] = useState<string>();
  return (
    <Create title="New API key" redirect={false} mutationOptions={{ onSuccess: (made) => setSecret(made.secret) }}>
      <SimpleForm sx={{ maxWidth: 520 }}>
        <TextInput source="name" required helperText="The program that will use it, such as “CRM sync”" />
        <SelectInput source="role" choices={operatorRoles} defaultValue="viewer" isRequired />
        <MomentInput source="expiresAt" label="Expires" helperText="Leave empty for a key that does not expire" />
        {secret && <SecretShown secret={secret} onDone={() => redirect('list', 'api-keys')} />}
      </SimpleForm>
    </Create>
  );
}

function Verbs() {
  const key = useRecordContext();
  const redirect = useRedirect();
  if (!key) return null;
  return (
    <TopToolbar>
      <Act
        resource="api-keys"
        verb="delete"
        label="Delete"
        color="error"
        explain={`Whatever program uses “${key.name}” (${key.prefix}…) is refused at once. This can't be undone.`}
        done="Deleted"
        run={async (api, id) => {
          await api.delete('api-keys', { id, previousData: key });
          redirect('list', 'api-keys');
        }}
      />
    </TopToolbar>
  );
}

const ApiKeyEdit = () => (
  <EditPage redirect="list" actions={<Verbs />}>
    <SimpleForm sx={{ maxWidth: 520 }} toolbar={<SaveBar />}>
      <TextInput source="name" required />
      <SelectInput source="role" choices={operatorRoles} readOnly helperText="A key's role never changes" />
      <MomentInput source="expiresAt" label="Expires" helperText="Leave empty for a key that does not expire" />
    </SimpleForm>
  </EditPage>
);

export const apiKeys = {
  name: 'api-keys',
  icon: Icon,
  list: ApiKeyList,
  create: ApiKeyCreate,
  edit: ApiKeyEdit,
  recordRepresentation: 'name',
  options: { label: 'API keys' },
};
