import AssignIcon from '@mui/icons-material/PersonAddAltOutlined';
import TakeIcon from '@mui/icons-material/PersonOutlined';
import ReopenIcon from '@mui/icons-material/ReplayOutlined';
import SnoozeIcon from '@mui/icons-material/SnoozeOutlined';
import SyncIcon from '@mui/icons-material/SyncOutlined';
import DismissIcon from '@mui/icons-material/VisibilityOffOutlined';
import { type RaRecord, useListContext } from 'react-admin';
import { FINDING_VERBS } from '../../../domain/finding';
import { ActOnMany } from '../parts/act-on-many';
import { Muted } from '../parts/fields';
import { causeOf } from './causes';
import type { Finding } from './finding';
import { ACTS } from './verbs';

const nameOf = ({ cause, summary }: RaRecord) => (
  <>
    {causeOf(cause).title}
    <br />
    <Muted>{summary}</Muted>
  </>
);

const ICONS = {
  take: <TakeIcon />,
  assign: <AssignIcon />,
  snooze: <SnoozeIcon />,
  dismiss: <DismissIcon />,
  reopen: <ReopenIcon />,
};

/** What can be done to some of the selected findings, by their states; the server says of each whether it was. */
export function BulkVerbs() {
  const { selectedIds, data = [] } = useListContext<Finding>();
  const chosen = data.filter(({ id }) => selectedIds.includes(id));
  const offered = (Object.keys(ICONS) as (keyof typeof ICONS)[]).filter((name) => {
    const states = FINDING_VERBS[ACTS[name].verb];
    return chosen.some(({ status }) => states.includes(status) && (name !== 'reopen' || status !== 'open'));
  });
  const readable = chosen.some(({ repair }) => repair?.verb === 'sync' || repair?.verb === 'replay');
  return (
    <>
      {readable && (
        <ActOnMany
          verb="repair"
          label="Sync now"
          icon={<SyncIcon />}
          noun="finding"
          explain="The customers are read from Stripe again, and their plans are decided by what Stripe says. Findings that need a choice, or move money, are left alone: open those one by one."
          done="queued"
          after="Each closes by itself where the difference is gone."
          nameOf={nameOf}
        />
      )}
      {offered.map((name) => {
        const { verb, label, explain, asked, done } = ACTS[name];
        return (
          <ActOnMany
            key={name}
            verb={verb}
            label={label}
            icon={ICONS[name]}
            noun="finding"
            explain={explain}
            {...(asked ? { asked } : {})}
            done={done}
            nameOf={nameOf}
          />
        );
      })}
    </>
  );
}
