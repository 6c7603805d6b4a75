import ProvenIcon from '@mui/icons-material/CheckCircleOutlined';
import BrokenIcon from '@mui/icons-material/ErrorOutlineOutlined';
import BehindIcon from '@mui/icons-material/HourglassEmptyOutlined';
import { Alert, Link as Anchor, Box, Card, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { provenPercent } from '../../../domain/verification';
import type { Api } from '../api';
import { When } from '../parts/fields';
import { listed } from '../parts/listed';
import { Curve } from './Curve';
import type { Convergence } from './convergence';

const TONES = {
  proven: { colour: 'success.main', Icon: ProvenIcon },
  behind: { colour: 'warning.main', Icon: BehindIcon },
  broken: { colour: 'error.main', Icon: BrokenIcon },
} as const;

const many = (n: number) => `${n.toLocaleString('en')} ${n === 1 ? 'tenant' : 'tenants'}`;

/** What the number means, and whom to look at. */
function Told({ now: { tenants, proven, differing, sweptAt, sweeping, oldest } }: Pick<Convergence, 'now'>) {
  const unproven = tenants - proven;
  return (
    <>
      <Typography variant="body2">
        {tenants === 0
          ? 'There are no tenants yet.'
          : unproven === 0
            ? `All ${many(tenants)} were found equal to Stripe.`
            : `${proven.toLocaleString('en')} of ${many(tenants)}.`}
        {unproven > 0 && (
          <>
            {' '}
            <Anchor component={Link} to={listed('tenants', { verified: false })}>
              {many(unproven)} not proven
            </Anchor>
            {differing > 0 && `, ${differing.toLocaleString('en')} of them known to differ`}.
          </>
        )}
      </Typography>
      <Typography variant="caption" color="textSecondary" component="p">
        {sweptAt ? (
          <>
            The whole account was last compared <When value={sweptAt} />.
          </>
        ) : (
          <>
            The whole account was never compared yet: it is every night, or at once by{' '}
            <Anchor component={Link} to="/reconcile-runs">
              a reconcile run
            </Anchor>
            .
          </>
        )}
        {sweeping && ' It is being compared right now.'}
        {oldest && (
          <>
            {' '}
            Longest without proof:{' '}
            <Anchor component={Link} to={`/tenants/${oldest.id}/show`}>
              {oldest.name}
            </Anchor>
            , {oldest.lastVerifiedAt ? <When value={oldest.lastVerifiedAt} /> : 'never proven'}.
          </>
        )}
      </Typography>
    </>
  );
}

function Share({ now }: Pick<Convergence, 'now'>) {
  const { colour, Icon } = TONES[now.tone];
  const percent = provenPercent(now);
  return (
    <Box data-tone={now.tone}>
      <Typography variant="body2" color="textSecondary" component="h2">
        Proven equal to Stripe within 24 hours
      </Typography>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, color: now.tenants === 0 ? 'text.primary' : colour }}>
        <Typography
          sx={{
            fontSize: '2.6rem',
            lineHeight: 1.2,
            fontWeight: 650,
            letterSpacing: '-0.02em',
            fontVariantNumeric: 'tabular-nums',
          }}
        >
          {percent === null ? '—' : `${percent} %`}
        </Typography>
        {now.tenants > 0 && <Icon aria-hidden />}
      </Box>
      <Told now={now} />
    </Box>
  );
}

/** How much of what we believe is proven: the share now, and over 90 days. */
export function ConvergenceCard() {
  const api = useDataProvider<Api>();
  const { data, error } = useQuery({
    queryKey: ['convergence'],
    queryFn: () => api.convergence(),
    refetchInterval: 30_000,
  });
  if (error)
    return (
      <Alert severity="error" sx={{ mb: 2 }}>
        How many tenants are proven could not be read: {error.message}
      </Alert>
    );
  if (!data)
    return <Skeleton variant="rounded" height={160} sx={{ mb: 2 }} aria-label="Loading the share of proven tenants" />;
  return (
    <Card component="section" aria-label="Convergence with Stripe" sx={{ p: 2, mb: 2 }}>
      <Box sx={{ display: 'grid', gap: { xs: 2, md: 4 }, gridTemplateColumns: { xs: '1fr', md: '2fr 3fr' } }}>
        <Share now={data.now} />
        <Curve convergence={data} />
      </Box>
    </Card>
  );
}
