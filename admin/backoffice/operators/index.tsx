import Icon from '@mui/icons-material/BadgeOutlined';
import {
  Create,
  Datagrid,
  PasswordInput,
  SelectInput,
  SimpleForm,
  SimpleList,
  TextField,
  TextInput,
  TopToolbar,
} from 'react-admin';
import { Act } from '../parts/act';
import { EditPage } from '../parts/edit-page';
import { StatusField, WhenField } from '../parts/fields';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { SaveBar } from '../parts/save-bar';
import { operatorRoles } from './roles';

const statuses = ['active', 'suspended'].map((id) => ({ id, name: id }));

function OperatorList() {
  const phone = usePhone();
  return (
    <ListPage sort={{ field: 'createdAt', order: 'ASC' }} creatable none="No operators.">
      {phone ? (
        <SimpleList
          primaryText={(one) => one.name}
          secondaryText={(one) => one.email}
          tertiaryText={(one) => one.role}
          linkType="edit"
        />
      ) : (
        <Datagrid rowClick="edit" bulkActionButtons={false} empty={emptyOf('No operators.')}>
          <TextField source="name" sortable={false} />
          <TextField source="email" />
          <TextField source="role" sortable={false} />
          <StatusField source="status" sortable={false} />
          <WhenField source="lastSignInAt" label="Last sign-in" sortable={false} />
        </Datagrid>
      )}
    </ListPage>
  );
}

const OperatorCreate = () => (
  <Create redirect="list">
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TextInput source="email" type="email" required />
      <TextInput source="name" required />
      <SelectInput source="role" choices={operatorRoles} defaultValue="support" isRequired />
      <PasswordInput source="password" required helperText="At least 12 characters; hand it over in person" />
    </SimpleForm>
  </Create>
);

const Verbs = () => (
  <TopToolbar>
    <Act
      resource="operators"
      verb="sign-out"
      label="Sign out everywhere"
      explain="Every browser in which this operator is signed in is signed out at once."
      done="Signed out everywhere"
    />
  </TopToolbar>
);

const OperatorEdit = () => (
  <EditPage redirect="list" actions={<Verbs />}>
    <SimpleForm sx={{ maxWidth: 520 }} toolbar={<SaveBar />}>
      <TextInput source="name" required />
      <SelectInput source="role" choices={operatorRoles} isRequired />
      <SelectInput source="status" choices={statuses} isRequired />
      <PasswordInput
        source="password"
        label="New password"
        helperText="Leave empty to keep the present one; a new one signs out everywhere"
        parse={(value: string) => value || undefined}
      />
    </SimpleForm>
  </EditPage>
);

export const operators = {
  name: 'operators',
  icon: Icon,
  list: OperatorList,
  create: OperatorCreate,
  edit: OperatorEdit,
  recordRepresentation: 'name',
};
