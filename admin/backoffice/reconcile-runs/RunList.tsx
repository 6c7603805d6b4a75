import { Box } from '@mui/material';
import { Datagrid, FunctionField, NumberField, SelectInput, SimpleList } from 'react-admin';
import { Status, When, WhenField } from '../parts/fields';
import { choices } from '../parts/filters';
import { emptyOf, ListPage, usePhone } from '../parts/list';
import { RunProgress } from './RunProgress';
import { awaitsApproval, counted, durationOf, MODES, type Run, TRIGGERS, whileRunning } from './run';
import { StartRun } from './StartRun';

const none = 'No runs yet. One runs every night by itself, and “Reconcile now” starts one at once.';
const anyRunning = whileRunning((page) =>
  Boolean((page as { data: Run[] } | undefined)?.data.some(({ status }) => status === 'running')),
);

/** The status, whether the brake stopped it, and whether it waits for an approval. */
export const RunStatus = ({ run }: { run: Run }) => (
  <Box component="span" sx={{ display: 'inline-flex', gap: 0.5 }}>
    <Status value={run.status} />
    {awaitsApproval(run) && <Status value="awaits approval" />}
    {run.braked && <Status value="braked" />}
  </Box>
);

export function RunList() {
  const phone = usePhone();
  return (
    <ListPage
      filters={[
        <SelectInput
          source="status"
          key="status"
          choices={choices(['running', 'done', 'failed', 'cancelled'])}
          alwaysOn
        />,
        <SelectInput source="mode" key="mode" choices={Object.entries(MODES).map(([id, name]) => ({ id, name }))} />,
        <SelectInput
          source="trigger"
          key="trigger"
          choices={Object.entries(TRIGGERS).map(([id, name]) => ({ id, name }))}
        />,
      ]}
      sort={{ field: 'startedAt', order: 'DESC' }}
      queryOptions={{ refetchInterval: anyRunning }}
      extra={<StartRun />}
      none={none}
    >
      {phone ? (
        <SimpleList<Run>
          primaryText={(run) => <RunStatus run={run} />}
          secondaryText={(run) =>
            `${MODES[run.mode]}, ${TRIGGERS[run.trigger]} · ${counted(run.changed, 'difference')} in ${run.scanned}`
          }
          tertiaryText={(run) => <When value={run.startedAt} />}
          linkType="show"
        />
      ) : (
        <Datagrid rowClick="show" bulkActionButtons={false} empty={emptyOf(none)}>
          <FunctionField label="Status" render={(run: Run) => <RunStatus run={run} />} />
          <FunctionField label="Mode" render={({ mode }: Run) => MODES[mode]} />
          <FunctionField label="Started" render={({ trigger }: Run) => TRIGGERS[trigger]} />
          <FunctionField label="Progress" render={(run: Run) => <RunProgress run={run} />} />
          <NumberField source="scanned" label="Read" sortable={false} />
          <NumberField source="changed" label="Differed" sortable={false} />
          <NumberField source="findings" sortable={false} />
          <WhenField source="startedAt" label="When" />
          <FunctionField label="Took" render={(run: Run) => durationOf(run, Date.now())} />
        </Datagrid>
      )}
    </ListPage>
  );
}
