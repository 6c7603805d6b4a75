import RevokeIcon from '@mui/icons-material/BlockOutlined';
import ResendIcon from '@mui/icons-material/ForwardToInboxOutlined';
import ExtendIcon from '@mui/icons-material/MoreTimeOutlined';
import { AutocompleteInput, type RaRecord, ReferenceInput, SearchInput, SelectInput, SimpleList } from 'react-admin';
import { INVITATION_STATUSES } from '../../../domain/invitation';
import { ActOnMany } from '../parts/act-on-many';
import { Status, TenantField } from '../parts/fields';
import { choices } from '../parts/filters';
import { ListPage, usePhone } from '../parts/list';
import { InvitationsTable } from '../parts/tables';
import { ImportInvitations } from './ImportInvitations';
import { askDays } from './verbs';

const AGES = [1, 3, 7, 14];
const before = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

const filters = () => [
  <SearchInput source="q" alwaysOn key="q" placeholder="Address" />,
  <SelectInput source="status" key="status" choices={choices(INVITATION_STATUSES)} alwaysOn />,
  <SelectInput
    source="deliveryStatus"
    key="delivery"
    label="Delivery"
    choices={choices(['queued', 'sent', 'failed', 'bounced'])}
    alwaysOn
  />,
  <ReferenceInput source="tenantId" reference="tenants" key="tenant">
    <AutocompleteInput label="Tenant" optionText="name" filterToQuery={(q: string) => ({ q })} />
  </ReferenceInput>,
  <SelectInput
    source="createdAt_lte"
    key="age"
    label="Invited"
    choices={AGES.map((days) => ({
      id: before(days),
      name: days === 1 ? 'more than a day ago' : `more than ${days} days ago`,
    }))}
  />,
];

const nameOf = ({ email }: RaRecord) => email;

const BulkVerbs = () => (
  <>
    <ActOnMany
      verb="resend"
      label="Resend"
      icon={<ResendIcon />}
      noun="invitation"
      explain="A new mail goes to each address. Links in earlier mails stop working."
      done="queued"
      after="The mails go out now."
      nameOf={nameOf}
    />
    <ActOnMany
      verb="extend"
      label="Extend"
      icon={<ExtendIcon />}
      noun="invitation"
      explain="The links of the last mails go on working until then. No mail is sent."
      asked={askDays}
      done="extended"
      nameOf={nameOf}
    />
    <ActOnMany
      verb="revoke"
      label="Revoke"
      icon={<RevokeIcon />}
      noun="invitation"
      explain="The links that these addresses got stop working at once."
      done="revoked"
      nameOf={nameOf}
    />
  </>
);

/** All invitations, for support. */
export function InvitationList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={filters()}
      sort={{ field: 'createdAt', order: 'DESC' }}
      creatable
      extra={<ImportInvitations />}
      none="No invitations yet."
    >
      {phone ? (
        <SimpleList
          primaryText={(one) => one.email}
          secondaryText={() => <TenantField />}
          tertiaryText={(one) => <Status value={one.status} />}
          linkType="show"
        />
      ) : (
        <InvitationsTable bulk={<BulkVerbs />} />
      )}
    </ListPage>
  );
}
