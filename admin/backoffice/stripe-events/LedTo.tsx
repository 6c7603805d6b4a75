import { Alert, Box, Link, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { type HttpError, type RaRecord, useDataProvider, useRecordContext } from 'react-admin';
import { Link as To } from 'react-router-dom';
import type { Api } from '../api';
import { faultOf } from '../parts/ask';
import { PlanName } from '../parts/blast-radius';
import { Muted, When } from '../parts/fields';
import { listed } from '../parts/listed';
import { Section } from '../parts/section';
import type { Consequences, ShownEvent } from './event';

const Entry = ({ at, children }: { at: string; children: React.ReactNode }) => (
  <Box
    component="li"
    sx={{ display: 'grid', gridTemplateColumns: { xs: '1fr', sm: '120px 1fr' }, columnGap: 2, py: 0.75 }}
  >
    <Muted>
      <When value={at} />
    </Muted>
    <Typography variant="body2" component="div" sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
      {children}
    </Typography>
  </Box>
);

const FindingEntry = ({ of, word }: { of: RaRecord; word: string }) => (
  <Entry at={word === 'closed' ? of.resolvedAt : of.lastSeenAt}>
    Finding {word}:{' '}
    <Link component={To} to={`/findings/${of.id}/show`}>
      {of.summary}
    </Link>
  </Entry>
);

const ACTIONS: Record<string, string> = { 'stripe-event.replay': 'Replayed' };

function Entries({ of }: { of: Consequences }) {
  const { planChanges, findingsClosed, findingsOpen, audit } = of;
  return (
    <Box component="ul" sx={{ m: 0, p: 0, listStyle: 'none' }}>
      {planChanges.map(({ id, at, fromPlanId, toPlanId, reason }) => (
        <Entry key={id} at={at}>
          Plan changed{' '}
          {fromPlanId && (
            <>
              from <PlanName planId={fromPlanId} />{' '}
            </>
          )}
          to{' '}
          <b>
            <PlanName planId={toPlanId} />
          </b>
          : {reason}
        </Entry>
      ))}
      {findingsClosed.map((one) => (
        <FindingEntry key={one.id} of={one} word="closed" />
      ))}
      {findingsOpen.map((one) => (
        <FindingEntry key={one.id} of={one} word="still open" />
      ))}
      {audit.map(({ id, at, action, actor }) => (
        <Entry key={id} at={at}>
          {ACTIONS[action] ?? action} by {actor.name}
        </Entry>
      ))}
    </Box>
  );
}

/** Why nothing is told, where nothing is. */
function whyNothing({ status, customerId }: ShownEvent): string {
  if (status === 'ignored') return 'Nothing: the event was ignored.';
  if (status === 'failed') return 'Nothing: it failed. Replay it once the cause is gone.';
  if (status === 'received') return 'Nothing yet: it waits for its customer to be read.';
  return customerId
    ? 'No plan changed by it. One reading answers all events of a customer that have come by then, and a change names one of them.'
    : 'Nothing: it names no customer.';
}

/** What followed from the event: plan changes, findings, replays, and whose tenant it is about. */
export function LedTo() {
  const event = useRecordContext<ShownEvent>();
  const api = useDataProvider<Api>();
  const { data, error, isPending } = useQuery<Consequences, HttpError>({
    queryKey: ['stripe-events', 'consequences', event?.id, event?.status, event?.processedAt],
    queryFn: () => api.consequences(event!.id),
    enabled: Boolean(event),
    retry: false,
  });
  if (!event) return null;
  const changed = data && data.planChanges.length > 0;
  return (
    <Section
      title="What it led to"
      action={
        event.customerId && (
          <Link component={To} variant="body2" to={listed('stripe-events', { customerId: event.customerId })}>
            All events of this customer
          </Link>
        )
      }
    >
      <Box sx={{ px: 2, pb: 2 }}>
        {isPending && <Skeleton variant="text" height={32} />}
        {error && <Alert severity="error">{faultOf(error)}</Alert>}
        {data?.tenant && (
          <Typography variant="body2" sx={{ mb: 1 }}>
            Its customer belongs to{' '}
            <Link component={To} to={`/tenants/${data.tenant.id}/show`}>
              {data.tenant.name}
            </Link>
            , now on <PlanName planId={data.tenant.planId} />.
          </Typography>
        )}
        {data && !data.tenant && event.customerId && (
          <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
            Its customer belongs to no tenant.
          </Typography>
        )}
        {data && !changed && (
          <Typography variant="body2" color="textSecondary">
            {whyNothing(event)}
          </Typography>
        )}
        {data && <Entries of={data} />}
      </Box>
    </Section>
  );
}
