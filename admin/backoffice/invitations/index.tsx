import Icon from '@mui/icons-material/MailOutlined';
import { Create, SelectInput, SimpleForm, TextInput } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { typoHint } from '../../../domain/typo-hint';
import { roleChoices, TenantInput } from '../memberships';
import { InvitationList } from './InvitationList';
import { InvitationShow } from './InvitationShow';
import { TERMS, termName } from './verbs';

function AddressInput() {
  const hint = typoHint(useWatch({ name: 'email' }) ?? '');
  return (
    <TextInput
      source="email"
      type="email"
      required
      helperText={hint ? `Did you mean ${hint}?` : 'The invitation is mailed to this address as soon as you save'}
    />
  );
}

const InvitationCreate = () => (
  <Create redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TenantInput />
      <AddressInput />
      <SelectInput source="role" choices={roleChoices} defaultValue="member" isRequired />
      <SelectInput
        source="expiresInDays"
        label="Good for"
        choices={TERMS.map((id) => ({ id, name: termName(id) }))}
        helperText="From each sending on; left empty, as the settings say"
      />
    </SimpleForm>
  </Create>
);

export const invitations = {
  name: 'invitations',
  icon: Icon,
  list: InvitationList,
  show: InvitationShow,
  create: InvitationCreate,
  recordRepresentation: 'email',
};
