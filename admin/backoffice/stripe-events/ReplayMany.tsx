import ReplayIcon from '@mui/icons-material/ReplayOutlined';
import { ActOnMany } from '../parts/act-on-many';

/** Replays the selected events, and tells of each what became of it. */
export const ReplayMany = () => (
  <ActOnMany
    verb="replay"
    label="Replay"
    icon={<ReplayIcon />}
    noun="event"
    explain="The customer of each event is read from Stripe again, and the plan of its tenant is decided anew. Doing so twice does no harm."
    done="queued"
    after="The customers are read from Stripe again."
    nameOf={({ id, type }) => (
      <>
        {type}
        <br />
        <code>{id}</code>
      </>
    )}
  />
);
