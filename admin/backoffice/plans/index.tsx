import Icon from '@mui/icons-material/SellOutlined';
import {
  BooleanField,
  BooleanInput,
  Create,
  Datagrid,
  DeleteButton,
  EditButton,
  NumberField,
  NumberInput,
  SaveButton,
  SelectInput,
  SimpleForm,
  SimpleList,
  TextArrayInput,
  TextField,
  TextInput,
  Toolbar,
  TopToolbar,
} from 'react-admin';
import { PLAN_KINDS } from '../../../domain/plan';
import { EditPage } from '../parts/edit-page';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';

const kinds = PLAN_KINDS.map((id) => ({
  id,
  name: { free: 'Free', stripe: 'Paid through Stripe', custom: 'By contract' }[id],
}));
const none = 'No plans.';

function PlanList() {
  const phone = usePhone();
  return (
    <ListPage
      sort={{ field: 'rank', order: 'ASC' }}
      creatable
      none={none}
      filters={[
        <SelectInput source="kind" key="kind" choices={kinds} />,
        <BooleanInput source="active" key="active" />,
      ]}
    >
      {phone ? (
        <SimpleList
          primaryText={(plan) => plan.name}
          secondaryText={(plan) => plan.priceText}
          tertiaryText={(plan) => `${plan.tenantCount} tenants`}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(none)}>
          <TextField source="name" sortable={false} sx={{ fontWeight: 560 }} />
          <TextField source="id" className="mono" />
          <TextField source="kind" sortable={false} />
          <TextField source="priceText" label="Price" sortable={false} />
          <NumberField source="rank" />
          <TextField source="limits.seats" label="Seats" emptyText="unlimited" sortable={false} />
          <NumberField source="tenantCount" label="Tenants" sortable={false} />
          <BooleanField source="isDefault" label="Default" sortable={false} />
          <BooleanField source="active" sortable={false} />
        </Datagrid>
      )}
    </ListPage>
  );
}

const Fields = () => (
  <>
    <TextInput source="name" required />
    <TextInput source="description" multiline />
    <SelectInput source="kind" choices={kinds} isRequired />
    <NumberInput source="rank" isRequired helperText="Higher is better; the best-ranked plan wins" />
    <TextInput source="priceText" label="Price, as people read it" />
    <TextArrayInput source="features" helperText="One at a time, Enter after each" />
    <NumberInput source="limits.seats" label="Seats" helperText="Empty means unlimited" />
    <BooleanInput source="seatsFromQuantity" label="The subscription's quantity is the seat limit" />
    <TextArrayInput source="stripePriceIds" label="Stripe prices" helperText="A price earns exactly one plan" />
    <TextInput source="stripeLookupKey" label="Stripe lookup key" />
    <NumberInput source="trialDays" label="Trial, in days" />
    <BooleanInput source="active" defaultValue />
    <BooleanInput source="isDefault" label="Default: every new tenant starts on it" />
  </>
);

const PlanCreate = () => (
  <Create redirect="show">
    <SimpleForm sx={{ maxWidth: 560 }}>
      <TextInput source="id" label="Id" required helperText="A short word such as starter; it never changes" />
      <Fields />
    </SimpleForm>
  </Create>
);

const PlanEdit = () => (
  <EditPage redirect="show">
    <SimpleForm
      sx={{ maxWidth: 560 }}
      toolbar={
        <Toolbar sx={{ justifyContent: 'space-between' }}>
          <SaveButton />
          <DeleteButton
            mutationMode="pessimistic"
            confirmContent="Only a plan that nobody is or was on can be deleted; else make it inactive."
          />
        </Toolbar>
      }
    >
      <Fields />
    </SimpleForm>
  </EditPage>
);

const PlanShow = () => (
  <RecordShow
    title="name"
    actions={
      <TopToolbar>
        <EditButton />
      </TopToolbar>
    }
    fields={[
      'id',
      'kind',
      'description',
      'priceText',
      'rank',
      'active',
      'isDefault',
      'tenantCount',
      'features',
      'limits',
      'seatsFromQuantity',
      'trialDays',
      'stripePriceIds',
      'stripeLookupKey',
    ]}
  />
);

export const plans = {
  name: 'plans',
  icon: Icon,
  list: PlanList,
  show: PlanShow,
  create: PlanCreate,
  edit: PlanEdit,
  recordRepresentation: 'name',
};
