import Icon from '@mui/icons-material/OutboxOutlined';
import { SearchInput, SelectInput, SimpleList } from 'react-admin';
import { Status } from '../parts/fields';
import { ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { EmailsTable } from '../parts/tables';

const statuses = ['queued', 'sending', 'sent', 'failed', 'bounced'].map((id) => ({ id, name: id }));

function EmailList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SearchInput source="q" alwaysOn key="q" placeholder="Address" />,
        <SelectInput source="status" key="status" choices={statuses} alwaysOn />,
      ]}
      sort={{ field: 'createdAt', order: 'DESC' }}
      none="No mail has been sent yet."
    >
      {phone ? (
        <SimpleList
          primaryText={(one) => one.to}
          secondaryText={(one) => one.kind}
          tertiaryText={(one) => <Status value={one.status} />}
          linkType="show"
        />
      ) : (
        <EmailsTable />
      )}
    </ListPage>
  );
}

const EmailShow = () => (
  <RecordShow
    title="to"
    fields={[
      'kind',
      'status',
      'attempts',
      'lastError',
      'smtpResponse',
      'messageId',
      'tenantId',
      'invitationId',
      'createdAt',
      'sentAt',
      'id',
    ]}
  />
);

export const emails = { name: 'emails', icon: Icon, list: EmailList, show: EmailShow };
