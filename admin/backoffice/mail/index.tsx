import BlockIcon from '@mui/icons-material/BlockOutlined';
import Icon from '@mui/icons-material/OutboxOutlined';
import { Box, Typography } from '@mui/material';
import {
  Datagrid,
  FunctionField,
  SearchInput,
  SelectInput,
  SimpleList,
  TextField,
  TextInput,
  useRecordContext,
} from 'react-admin';
import { Act } from '../parts/act';
import { Muted, Status, StatusField, When, WhenField } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { Section } from '../parts/section';
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

interface Told {
  kind: string;
  at: string;
  detail: string | null;
  provider: string;
}

/** What the mail's provider told of it since. */
function Events() {
  const events = (useRecordContext()?.events ?? []) as Told[];
  return (
    <Section title="What became of it">
      {events.length === 0 ? (
        <Typography color="textSecondary" sx={{ px: 2, pb: 2 }}>
          Nothing was told. Set up your provider’s webhook to hear of deliveries and bounces.
        </Typography>
      ) : (
        events.map(({ kind, at, detail, provider }) => (
          <Box
            key={kind + at}
            sx={{ px: 2, pb: 1.5, display: 'flex', gap: 1.5, flexWrap: 'wrap', alignItems: 'center' }}
          >
            <Status value={kind} />
            <When value={at} />
            <Muted>{detail ?? `told by ${provider}`}</Muted>
          </Box>
        ))
      )}
    </Section>
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
      'providerMessageId',
      'messageId',
      'tenantId',
      'invitationId',
      'createdAt',
      'sentAt',
      'deliveredAt',
      'bouncedAt',
      'id',
    ]}
  >
    <Events />
  </RecordShow>
);

function SuppressionList() {
  const phone = usePhone();
  const clear = (
    <Act
      verb="clear"
      label="Clear"
      variant="text"
      explain="Mail goes to this address again. If it comes back once more, the address is put here again."
      done="The address can be mailed again"
    />
  );
  return (
    <ListPage
      filters={[
        <SelectInput source="reason" key="reason" choices={choices(['bounced', 'complained'])} alwaysOn />,
        <TextInput source="email" key="email" label="Address" />,
      ]}
      sort={{ field: 'createdAt', order: 'DESC' }}
      none="No address is held back. One stands here when mail to it came back, or was reported as spam: your mail provider’s webhook tells of it."
    >
      <Datagrid bulkActionButtons={false} empty={emptyOf('No address is held back.')}>
        <TextField source="email" sortable={false} label="Address" />
        <StatusField source="reason" sortable={false} />
        {!phone && <TextField source="detail" label="What the server said" emptyText="—" sortable={false} />}
        <WhenField source="createdAt" label="Since" />
        <FunctionField label="" render={() => clear} />
      </Datagrid>
    </ListPage>
  );
}

export const suppressions = {
  name: 'suppressions',
  icon: BlockIcon,
  list: SuppressionList,
  options: { label: 'Suppressions' },
};

export const emails = { name: 'emails', icon: Icon, list: EmailList, show: EmailShow };
