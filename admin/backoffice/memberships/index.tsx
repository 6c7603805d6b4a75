import Icon from '@mui/icons-material/GroupOutlined';
import {
  AutocompleteInput,
  Create,
  DeleteButton,
  ReferenceInput,
  SaveButton,
  SelectInput,
  SimpleForm,
  SimpleList,
  Toolbar,
} from 'react-admin';
import { TENANT_ROLES } from '../../../domain/permissions';
import { EditPage } from '../parts/edit-page';
import { TenantField, UserField } from '../parts/fields';
import { ListPage, usePhone } from '../parts/list';
import { MembershipsTable } from '../parts/tables';

export const roleChoices = TENANT_ROLES.map((id) => ({ id, name: id }));

export const TenantInput = () => (
  <ReferenceInput source="tenantId" reference="tenants" filter={{ status: 'active' }}>
    <AutocompleteInput label="Tenant" optionText="name" filterToQuery={(q: string) => ({ q })} isRequired />
  </ReferenceInput>
);

function MembershipList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[<SelectInput source="role" key="role" choices={roleChoices} alwaysOn />]}
      sort={{ field: 'createdAt', order: 'DESC' }}
      creatable
      none="No members yet."
    >
      {phone ? (
        <SimpleList
          primaryText={() => <UserField />}
          secondaryText={() => <TenantField />}
          tertiaryText={(one) => one.role}
          linkType="edit"
        />
      ) : (
        <MembershipsTable />
      )}
    </ListPage>
  );
}

const MembershipCreate = () => (
  <Create redirect={(_resource, _id, data) => `tenants/${data?.tenantId}/show`}>
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TenantInput />
      <ReferenceInput source="userId" reference="users">
        <AutocompleteInput
          label="User"
          optionText={(user: { name?: string; email?: string }) => user.name || user.email || ''}
          filterToQuery={(q: string) => ({ q })}
          isRequired
        />
      </ReferenceInput>
      <SelectInput source="role" choices={roleChoices} defaultValue="member" isRequired />
    </SimpleForm>
  </Create>
);

const MembershipEdit = () => (
  <EditPage redirect={false}>
    <SimpleForm
      sx={{ maxWidth: 520 }}
      toolbar={
        <Toolbar sx={{ justifyContent: 'space-between' }}>
          <SaveButton />
          <DeleteButton
            mutationMode="pessimistic"
            label="Remove from the tenant"
            confirmTitle="Remove this member?"
            confirmContent="They lose access to the tenant at once, and their pending invitations end."
          />
        </Toolbar>
      }
    >
      <UserField />
      <TenantField />
      <SelectInput source="role" choices={roleChoices} isRequired />
    </SimpleForm>
  </EditPage>
);

export const memberships = {
  name: 'memberships',
  icon: Icon,
  list: MembershipList,
  create: MembershipCreate,
  edit: MembershipEdit,
};
