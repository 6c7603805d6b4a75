import {
  Alert,
  AlertTitle,
  Box,
  Card,
  CardActionArea,
  LinearProgress,
  List,
  ListItem,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Title, useDataProvider, useGetList, usePermissions } from 'react-admin';
import { Link } from 'react-router-dom';
import type { Api, Overview } from '../api';
import { ConvergenceCard } from '../convergence/ConvergenceCard';
import { When } from '../parts/fields';
import { listed } from '../parts/listed';
import { money } from '../parts/money';
import { Section } from '../parts/section';
import type { Run } from '../reconcile-runs/run';

interface TileProps {
  label: string;
  value: React.ReactNode;
  note?: React.ReactNode;
  to: string;
  alarm?: boolean;
}

const Tile = ({ label, value, note, to, alarm = false }: TileProps) => (
  <Card>
    <CardActionArea component={Link} to={to} sx={{ p: 2, height: '100%' }}>
      <Typography variant="body2" color="textSecondary">
        {label}
      </Typography>
      <Typography
        sx={{
          fontSize: '1.9rem',
          fontWeight: 650,
          letterSpacing: '-0.02em',
          fontVariantNumeric: 'tabular-nums',
          color: alarm ? 'error.main' : 'text.primary',
        }}
      >
        {value}
      </Typography>
      <Typography variant="caption" color="textSecondary">
        {note ?? '\u00a0'}
      </Typography>
    </CardActionArea>
  </Card>
);

/** How the newest comparison with Stripe went. */
function LastRun() {
  const { data } = useGetList<Run>('reconcile-runs', {
    pagination: { page: 1, perPage: 1 },
    sort: { field: 'startedAt', order: 'DESC' },
  });
  const run = data?.[0];
  if (!run)
    return <Tile label="Last reconciliation" value="—" note={data ? 'None yet' : undefined} to="/reconcile-runs" />;
  const { id, status, braked, changed, progress, startedAt } = run;
  const value = status === 'running' ? `${Math.floor(progress * 100)} %` : changed.toLocaleString('en');
  const word = braked ? 'braked' : status === 'done' ? (changed === 1 ? 'difference' : 'differences') : status;
  return (
    <Tile
      label="Last reconciliation"
      value={value}
      note={
        <>
          {word}, <When value={startedAt} />
        </>
      }
      to={`/reconcile-runs/${id}/show`}
      alarm={braked || status === 'failed'}
    />
  );
}

function Plans({ plans, total }: { plans: Overview['plans']; total: number }) {
  return (
    <Section title="Tenants by plan">
      <Box sx={{ px: 2, pb: 2, display: 'grid', gap: 1.5 }}>
        {plans.map(({ planId, name, tenants }) => (
          <Box
            key={planId}
            component={Link}
            to={listed('tenants', { planId })}
            sx={{ color: 'inherit', textDecoration: 'none' }}
          >
            <Box sx={{ display: 'flex', justifyContent: 'space-between', mb: 0.5 }}>
              <Typography variant="body2">{name}</Typography>
              <Typography variant="body2" sx={{ fontVariantNumeric: 'tabular-nums' }}>
                {tenants}
              </Typography>
            </Box>
            <LinearProgress
              variant="determinate"
              aria-label={`${name}: ${tenants} tenants`}
              value={total === 0 ? 0 : (tenants / total) * 100}
              sx={{ height: 6, borderRadius: 3 }}
            />
          </Box>
        ))}
      </Box>
    </Section>
  );
}

const Recent = ({ changes }: { changes: Overview['recentChanges'] }) => (
  <Section title="Latest plan changes">
    {changes.length === 0 && (
      <Typography sx={{ px: 2, pb: 2 }} color="textSecondary">
        None yet.
      </Typography>
    )}
    <List dense disablePadding sx={{ pb: 1 }}>
      {changes.map((change) => (
        <ListItem key={change.id} sx={{ display: 'flex', justifyContent: 'space-between', gap: 2 }}>
          <Typography variant="body2" noWrap>
            <Box
              component={Link}
              to={`/tenants/${change.tenantId}/show`}
              sx={{ color: 'primary.main', textDecoration: 'none', fontWeight: 560 }}
            >
              {change.tenantName}
            </Box>{' '}
            {change.fromPlanId ?? 'new'} → {change.toPlanId}
          </Typography>
          <Typography variant="body2" color="textSecondary">
            <When value={change.at} />
          </Typography>
        </ListItem>
      ))}
    </List>
  </Section>
);

/** Stripe does not take our key: what that means, and what to do. */
const Refused = ({ refused: { at, message } }: { refused: NonNullable<Overview['stripe']['refused']> }) => (
  <Alert severity="error" sx={{ mb: 2 }}>
    <AlertTitle>Stripe refuses the key</AlertTitle>
    Since <When value={at} />: “{message}” Check <code>STRIPE_SECRET_KEY</code> and restart the server and the workers.
    Until then no plan changes, and nobody loses what they have; what happened meanwhile is made up for by itself.
  </Alert>
);

/** The first thing an operator sees: what needs a person, and how the tenants stand. */
export function Home() {
  const api = useDataProvider<Api>();
  const { permissions } = usePermissions();
  const { data, error, isPending } = useQuery({
    queryKey: ['overview'],
    queryFn: () => api.overview(),
    refetchInterval: 30_000,
    enabled: Boolean(permissions),
  });
  if (error)
    return (
      <Alert severity="error" sx={{ mt: 2 }}>
        {error.message}
      </Alert>
    );
  if (isPending) return <LinearProgress aria-label="Loading" />;
  const { tenants, invitations, findings, emails, stripe, stripeEvents, plans, recentChanges } = data;
  const risk = findings.atRisk.map(money).join(', ');
  return (
    <Box sx={{ pt: 2 }}>
      <Title title="Overview" />
      {stripe.refused && <Refused refused={stripe.refused} />}
      <ConvergenceCard />
      <Box
        sx={{
          display: 'grid',
          gap: 2,
          mb: 2,
          gridTemplateColumns: { xs: '1fr 1fr', md: 'repeat(3, 1fr)', xl: 'repeat(6, 1fr)' },
        }}
      >
        <Tile label="Tenants" value={tenants.total} note={`${tenants.suspended} suspended`} to="/tenants" />
        <Tile
          label="Open findings"
          value={findings.open}
          note={risk ? `${risk} a month at risk` : 'Stripe and Tenantry agree'}
          to={listed('findings', { status: 'open' })}
          alarm={findings.open > 0}
        />
        <Tile
          label="Failed Stripe events"
          value={stripeEvents.failed}
          note={stripeEvents.failed > 0 ? 'Look why, then replay them' : `${stripeEvents.waiting} being worked off`}
          to={listed('stripe-events', { status: 'failed' })}
          alarm={stripeEvents.failed > 0}
        />
        <LastRun />
        <Tile
          label="Pending invitations"
          value={invitations.pending}
          note={invitations.failed > 0 ? `${invitations.failed} never arrived` : `${invitations.expired} expired`}
          to={listed('invitations', { status: 'pending' })}
        />
        <Tile
          label="Mail waiting"
          value={emails.queued}
          note={`${emails.failed} failed`}
          to={listed('emails', { status: 'queued' })}
        />
      </Box>
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: '1fr', md: '2fr 3fr' }, alignItems: 'start' }}>
        <Plans plans={plans} total={tenants.total} />
        <Recent changes={recentChanges} />
      </Box>
    </Box>
  );
}
