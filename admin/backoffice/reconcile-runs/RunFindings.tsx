import { Pagination, ReferenceManyField, SimpleList } from 'react-admin';
import { causeOf } from '../findings/causes';
import type { Finding } from '../findings/finding';
import { Lines, Muted, Status } from '../parts/fields';
import { emptyOf } from '../parts/list';
import { money } from '../parts/money';
import { Section } from '../parts/section';
import type { Run } from './run';

const none = ({ mode }: Run): string =>
  mode === 'dry-run' ? 'A dry run only counts findings; it writes none.' : 'It touched no finding.';

/** Findings that this run was the last to see, open or close. */
export const RunFindings = ({ run }: { run: Run }) => (
  <Section title="Findings">
    <ReferenceManyField
      key={run.finishedAt}
      reference="findings"
      target="runId"
      sort={{ field: 'atRiskAmount', order: 'DESC' }}
      perPage={10}
      pagination={<Pagination rowsPerPageOptions={[10, 50]} />}
    >
      <SimpleList<Finding>
        primaryText={({ cause }) => causeOf(cause).title}
        secondaryText={({ summary }) => summary}
        tertiaryText={({ status, atRisk }) => (
          <Lines>
            <Status value={status} />
            {atRisk && <Muted>{money(atRisk)} a month</Muted>}
          </Lines>
        )}
        linkType="show"
        empty={emptyOf(none(run))}
      />
    </ReferenceManyField>
  </Section>
);
