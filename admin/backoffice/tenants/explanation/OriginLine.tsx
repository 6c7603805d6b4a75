import { Link as Anchor } from '@mui/material';
import { useCanAccess } from 'react-admin';
import { Link } from 'react-router-dom';
import { When } from '../../parts/fields';
import type { ToldOrigin } from './explanation';

/** A link to a page of Stripe's own dashboard; nothing where it has none. */
export const AtStripe = ({ url, what = 'Open in Stripe' }: { url: string | null; what?: string }) =>
  url ? (
    <Anchor href={url} target="_blank" rel="noreferrer">
      {what} ↗
    </Anchor>
  ) : null;

const WHO: Record<string, string> = { stripe: 'Stripe', worker: 'Tenantry itself', system: 'Tenantry itself' };

/** By whom or what, and when, with where more of it stands. */
export function OriginLine({ origin, verb }: { origin: ToldOrigin | null; verb: string }) {
  const { canAccess } = useCanAccess({ resource: 'reconcile-runs', action: 'read' });
  if (!origin) return <>It is not known what brought it.</>;
  const { actor, eventId, runId, at, reason, stripeUrl } = origin;
  const by = WHO[actor.type] ?? actor.name;
  return (
    <>
      {verb} by{' '}
      {runId && canAccess ? (
        <Anchor component={Link} to={`/reconcile-runs/${runId}/show`}>
          a reconcile run
        </Anchor>
      ) : eventId ? (
        <>
          Stripe’s event{' '}
          <Anchor component={Link} to={`/stripe-events/${eventId}/show`}>
            <code>{eventId}</code>
          </Anchor>
        </>
      ) : (
        by
      )}
      {at && (
        <>
          {' '}
          <When value={at} />
        </>
      )}
      {reason && <>: “{reason}”</>}
      {eventId && stripeUrl && (
        <>
          {' · '}
          <AtStripe url={stripeUrl} what="Event in Stripe" />
        </>
      )}
    </>
  );
}
