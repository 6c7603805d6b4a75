import { Alert } from '@mui/material';
import { Show, TopToolbar, useRecordContext } from 'react-admin';
import { Act } from '../parts/act';
import { Id, Status, When } from '../parts/fields';
import { InStripe } from '../parts/in-stripe';
import { Fact, Facts, Section } from '../parts/section';
import { type ShownEvent, SOURCES } from './event';
import { LedTo } from './LedTo';
import { Payload } from './Payload';

const Verbs = () => {
  const event = useRecordContext<ShownEvent>();
  return (
    <TopToolbar>
      {event?.customerId && (
        <Act
          resource="stripe-events"
          verb="replay"
          label="Replay"
          explain="The customer of this event is read from Stripe again, and its tenant's plan is decided anew. Doing so twice does no harm."
          done="Queued"
        />
      )}
    </TopToolbar>
  );
};

function Page() {
  const event = useRecordContext<ShownEvent>();
  if (!event) return null;
  const { id, type, status, error, customerId, source, attempts, createdAt, receivedAt, processedAt, livemode } = event;
  return (
    <>
      {error && (
        <Alert severity={status === 'failed' ? 'error' : status === 'ignored' ? 'info' : 'warning'} sx={{ mb: 2 }}>
          {error}
        </Alert>
      )}
      <Section title={type} action={<Status value={status} />}>
        <Facts>
          <Fact label="Happened at Stripe">
            <When value={createdAt} />
          </Fact>
          <Fact label="Received">
            <When value={receivedAt} />, {SOURCES[source]}
          </Fact>
          <Fact label="Worked off">
            <When value={processedAt} />
          </Fact>
          <Fact label="Attempts">{attempts}</Fact>
          <Fact label="Stripe customer">
            <Id value={customerId} />
          </Fact>
          <Fact label="Mode">{livemode ? 'live' : 'test'}</Fact>
          <Fact label="Event">
            <Id value={String(id)} />
            <br />
            <InStripe url={event.stripeUrl} />
          </Fact>
        </Facts>
      </Section>
      <LedTo />
      <Payload />
    </>
  );
}

/** Whether it is being worked off: then the page looks again by itself. */
const refetchInterval = ({ state: { data } }: { state: { data?: unknown } }) =>
  (data as ShownEvent | undefined)?.status === 'received' ? 2000 : false;

/** One event of Stripe's: what became of it, what it led to, and what it said. */
export const EventShow = () => (
  <Show
    title="Stripe event"
    actions={<Verbs />}
    component="div"
    queryOptions={{ refetchInterval: refetchInterval as never }}
  >
    <Page />
  </Show>
);
