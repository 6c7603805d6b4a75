import { Show, useRecordContext } from 'react-admin';
import { Id, PlanField, Status, TenantField, When } from './fields';
import { Fact, Facts, Section } from './section';

const isMoment = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
const words = (field: string) =>
  field
    .replace(/([A-Z])/g, ' $1')
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/ Id$/, '');

function Value({ field, value }: { field: string; value: unknown }) {
  if (value === null || value === undefined || value === '') return <>—</>;
  if (field === 'tenantId') return <TenantField />;
  if (/planId$/i.test(field)) return <PlanField source={field} />;
  if (field === 'status' || field === 'severity') return <Status value={String(value)} />;
  if (isMoment(value)) return <When value={value} />;
  if (/(^id|Id)$/.test(field)) return <Id value={String(value)} />;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (typeof value === 'object') {
    const named = value as { name?: string };
    return named.name ? (
      named.name
    ) : (
      <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
        {JSON.stringify(value, null, 2)}
      </pre>
    );
  }
  return <>{String(value)}</>;
}

function Fields({ title, fields }: { title: string; fields: string[] }) {
  const record = useRecordContext();
  if (!record) return null;
  return (
    <Section title={String(record[title] ?? record.id)}>
      <Facts>
        {fields.map((field) => (
          <Fact key={field} label={words(field)}>
            <Value field={field} value={record[field]} />
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

/** The page of a record that is only read: its fields, each shown as what it is. */
export const RecordShow = ({
  title,
  fields,
  actions = false,
  children,
}: {
  title: string;
  fields: string[];
  actions?: React.ReactElement | false;
  children?: React.ReactNode;
}) => (
  <Show actions={actions} component="div">
    <Fields title={title} fields={fields} />
    {children}
  </Show>
);
