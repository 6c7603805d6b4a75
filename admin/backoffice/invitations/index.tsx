import Icon from '@mui/icons-material/MailOutlined';
import {
  Create,
  ReferenceManyField,
  SearchInput,
  SelectInput,
  Show,
  SimpleForm,
  SimpleList,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import { INVITATION_STATUSES } from '../../../domain/invitation';
import { roleChoices, TenantInput } from '../memberships';
import { Act } from '../parts/act';
import { Id, Status, TenantField, UserField, When } from '../parts/fields';
import { ListPage, usePhone } from '../parts/list';
import { Fact, Facts, Section } from '../parts/section';
import { EmailsTable, InvitationsTable } from '../parts/tables';

const choices = (words: readonly string[]) => words.map((id) => ({ id, name: id }));
const filters = [
  <SearchInput source="q" alwaysOn key="q" placeholder="Address" />,
  <SelectInput source="status" key="status" choices={choices(INVITATION_STATUSES)} alwaysOn />,
  <SelectInput
    source="deliveryStatus"
    key="delivery"
    label="Delivery"
    choices={choices(['queued', 'sent', 'failed', 'bounced'])}
  />,
];

function InvitationList() {
  const phone = usePhone();
  return (
    <ListPage filters={filters} sort={{ field: 'createdAt', order: 'DESC' }} creatable none="No invitations yet.">
      {phone ? (
        <SimpleList
          primaryText={(one) => one.email}
          secondaryText={() => <TenantField />}
          tertiaryText={(one) => <Status value={one.status} />}
          linkType="show"
        />
      ) : (
        <InvitationsTable />
      )}
    </ListPage>
  );
}

const InvitationCreate = () => (
  <Create redirect="show">
    <SimpleForm sx={{ maxWidth: 520 }}>
      <TenantInput />
      <TextInput
        source="email"
        type="email"
        required
        helperText="The invitation is mailed to this address as soon as you save"
      />
      <SelectInput source="role" choices={roleChoices} defaultValue="member" isRequired />
    </SimpleForm>
  </Create>
);

function Verbs() {
  const invitation = useRecordContext();
  if (!invitation) return null;
  const { email, status } = invitation;
  if (status !== 'pending' && status !== 'expired') return <TopToolbar />;
  return (
    <TopToolbar sx={{ gap: 1 }}>
      <Act
        resource="invitations"
        verb="resend"
        label="Resend"
        explain={`A new mail goes to ${email}. Links in earlier mails stop working.`}
        done="The mail is on its way"
      />
      <Act
        resource="invitations"
        verb="revoke"
        label="Revoke"
        color="error"
        explain={`The link that ${email} got stops working at once.`}
        done="Revoked"
      />
    </TopToolbar>
  );
}

function Head() {
  const invitation = useRecordContext();
  if (!invitation) return null;
  return (
    <Section title={invitation.email} action={<Status value={invitation.status} />}>
      <Facts>
        <Fact label="Tenant">
          <TenantField />
        </Fact>
        <Fact label="Role">{invitation.role}</Fact>
        <Fact label="Invited by">{invitation.invitedBy.name}</Fact>
        <Fact label="Invited">
          <When value={invitation.createdAt} />
        </Fact>
        <Fact label="Expires">
          <When value={invitation.expiresAt} />
        </Fact>
        <Fact label="Delivery">
          <Status value={invitation.deliveryStatus} /> sent {invitation.sentCount}×
        </Fact>
        <Fact label="Last sent">
          <When value={invitation.lastSentAt} />
        </Fact>
        {invitation.acceptedAt && (
          <Fact label="Accepted">
            <When value={invitation.acceptedAt} /> by <UserField source="acceptedByUserId" />
          </Fact>
        )}
        {invitation.addressMismatch && <Fact label="Note">Accepted by a user with another address.</Fact>}
        <Fact label="Id">
          <Id value={invitation.id} />
        </Fact>
      </Facts>
    </Section>
  );
}

const InvitationShow = () => (
  <Show actions={<Verbs />} component="div">
    <Head />
    <Section title="Mails">
      <ReferenceManyField reference="emails" target="invitationId" sort={{ field: 'createdAt', order: 'DESC' }}>
        <EmailsTable hide={['tenant']} />
      </ReferenceManyField>
    </Section>
  </Show>
);

export const invitations = {
  name: 'invitations',
  icon: Icon,
  list: InvitationList,
  show: InvitationShow,
  create: InvitationCreate,
  recordRepresentation: 'email',
};
