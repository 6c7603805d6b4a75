import { Chip, Tooltip } from '@mui/material';
import { useRecordContext } from 'react-admin';
import { Day, Lines, Muted, Status, When } from '../parts/fields';
import { money } from '../parts/money';
import { COST_RULE, type Override } from './override';

/** Whether it runs, and a mark where it is over within three days. */
export function Standing() {
  const one = useRecordContext<Override>();
  if (!one) return null;
  if (!one.endsSoon) return <Status value={one.endedAt ? 'ended early' : one.status} />;
  return (
    <Tooltip title={one.notedAt ? 'Who granted it was told by mail.' : 'It ends by itself; an admin can extend it.'}>
      <Chip size="small" variant="outlined" color="warning" label="ends soon" sx={{ height: 22, fontWeight: 560 }} />
    </Tooltip>
  );
}

/** When it ends, or ended: the day, and how far that is from now. */
export function Ends() {
  const one = useRecordContext<Override>();
  if (!one) return null;
  const value = one.endedAt ?? one.endsAt;
  return (
    <Lines>
      <Day value={value} />
      <Muted>
        <When value={value} />
      </Muted>
    </Lines>
  );
}

/** What it costs a month while it runs. */
export function Cost() {
  const one = useRecordContext<Override>();
  if (one?.status !== 'running') return <Muted>—</Muted>;
  if (!one.decides)
    return (
      <Tooltip title="Something at least as good holds anyway: paid for, the base plan, or a stronger override.">
        <span>
          <Muted>nothing</Muted>
        </span>
      </Tooltip>
    );
  if (!one.cost)
    return (
      <Tooltip title="Nobody buys this plan yet, or what the tenant pays is not known.">
        <span>
          <Muted>not known</Muted>
        </span>
      </Tooltip>
    );
  return (
    <Tooltip title={COST_RULE}>
      <span>
        <Lines>
          {money(one.cost)}
          {one.paid && one.paid.amount > 0 && (
            <Muted>
              {money(one.worth)} less {money(one.paid)}
            </Muted>
          )}
        </Lines>
      </span>
    </Tooltip>
  );
}
