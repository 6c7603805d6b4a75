import { Create, ReferenceInput, SelectInput, SimpleForm, TextInput } from 'react-admin';
import { EditPage } from '../parts/edit-page';
import { SaveBar } from '../parts/save-bar';

const Fields = () => (
  <>
    <TextInput source="name" required autoFocus helperText="As the customer calls itself" />
    <ReferenceInput
      source="basePlanId"
      reference="plans"
      filter={{ kind: ['free', 'custom'], active: true }}
      sort={{ field: 'rank', order: 'ASC' }}
    >
      <SelectInput
        label="Base plan"
        optionText="name"
        helperText="What the tenant has when nothing better is paid for or granted"
      />
    </ReferenceInput>
  </>
);

export const TenantCreate = () => (
  <Create redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }}>
      <Fields />
    </SimpleForm>
  </Create>
);

export const TenantEdit = () => (
  <EditPage redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }} toolbar={<SaveBar />}>
      <Fields />
    </SimpleForm>
  </EditPage>
);
