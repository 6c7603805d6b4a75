import Icon from '@mui/icons-material/FactCheckOutlined';
import { SelectInput, SimpleList, TextInput } from 'react-admin';
import { RESOURCES } from '../../../domain/permissions';
import { When } from '../parts/fields';
import { ListPage, usePhone } from '../parts/list';
import { RecordShow } from '../parts/record-show';
import { Section } from '../parts/section';
import { AuditTable, Diff } from '../parts/tables';

function AuditList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SelectInput source="resource" key="resource" choices={RESOURCES.map((id) => ({ id, name: id }))} alwaysOn />,
        <TextInput source="resourceId" key="id" label="Id of the record" />,
        <TextInput source="action" key="action" />,
      ]}
      sort={{ field: 'at', order: 'DESC' }}
      none="Nothing has been changed yet."
    >
      {phone ? (
        <SimpleList
          primaryText={(one) => one.action}
          secondaryText={(one) => one.actor.name}
          tertiaryText={(one) => <When value={one.at} />}
          linkType="show"
        />
      ) : (
        <AuditTable />
      )}
    </ListPage>
  );
}

const AuditShow = () => (
  <RecordShow
    title="action"
    fields={['at', 'actor', 'resource', 'resourceId', 'tenantId', 'reason', 'requestId', 'ip', 'hash', 'id']}
  >
    <Section title="Changes">
      <div style={{ padding: '0 16px 16px' }}>
        <Diff />
      </div>
    </Section>
  </RecordShow>
);

export const auditLog = {
  name: 'audit-log',
  icon: Icon,
  list: AuditList,
  show: AuditShow,
  options: { label: 'Audit log' },
};
