import { Alert, Box, Link, Skeleton, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { type HttpError, useCanAccess, useDataProvider } from 'react-admin';
import { Link as To } from 'react-router-dom';
import type { Api } from '../api';
import { faultOf } from '../parts/ask';
import { PlanName } from '../parts/blast-radius';
import { counted } from '../parts/counted';
import { listed } from '../parts/listed';
import { money } from '../parts/money';
import { Section } from '../parts/section';
import { MapPrice } from './MapPrice';
import type { UnmappedPrice } from './plan';
import { PriceLine, usePrices } from './prices';

function Kept({ planIds }: { planIds: UnmappedPrice['keptPlanIds'] }) {
  return planIds.map((planId, nth) => (
    <span key={planId ?? 'none'}>
      {nth > 0 && ', '}
      {planId ? (
        <>
          keeps <PlanName planId={planId} />
        </>
      ) : (
        'gives nothing'
      )}
    </span>
  ));
}

interface RowProps {
  of: UnmappedPrice;
  known: ReturnType<typeof usePrices>;
  mayMap: boolean;
}

function Row({ of, known: { prices, isFetching, error }, mayMap }: RowProps) {
  const { priceId, subscriptions, tenants, worth, keptPlanIds } = of;
  const missing = isFetching ? 'Asking Stripe …' : error ? 'Stripe does not answer' : 'Stripe does not know this price';
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gap: 1,
        alignItems: 'center',
        gridTemplateColumns: { xs: '1fr', md: 'minmax(0, 5fr) minmax(0, 4fr) auto' },
        px: 2,
        py: 1.5,
        borderTop: 1,
        borderColor: 'divider',
      }}
    >
      <PriceLine id={priceId} price={prices.get(priceId)} missing={missing} />
      <Typography variant="body2" component="div">
        <Link component={To} to={listed('subscriptions', { priceId })}>
          {counted(subscriptions, 'subscription')}
        </Link>{' '}
        of {counted(tenants, 'tenant')}
        {worth.length > 0 && `, ${worth.map((one) => money(one)).join(' and ')} a month`}
        <Typography variant="caption" color="textSecondary" component="div">
          <Kept planIds={keptPlanIds} />
        </Typography>
      </Typography>
      {mayMap && <MapPrice priceId={priceId} />}
    </Box>
  );
}

/** Prices that tenants pay and no plan knows, each with the way to map it. */
export function UnmappedPrices() {
  const api = useDataProvider<Api>();
  const { canAccess: mayMap = false } = useCanAccess({ resource: 'plans', action: 'update' });
  const { data, error, isPending } = useQuery<{ results: UnmappedPrice[]; exact: boolean }, HttpError>({
    // Under the name of the resource, so that a change of a plan asks anew.
    queryKey: ['plans', 'unmapped-prices'],
    queryFn: () => api.unmappedPrices(),
    retry: false,
  });
  const known = usePrices((data?.results ?? []).slice(0, 50).map(({ priceId }) => priceId));
  return (
    <Box sx={{ mt: 2 }}>
      <Section title="Prices no plan knows">
        {isPending && <Skeleton variant="text" sx={{ mx: 2, mb: 2 }} height={40} />}
        {error && (
          <Alert severity="error" sx={{ mx: 2, mb: 2 }}>
            {faultOf(error)}
          </Alert>
        )}
        {data?.results.length === 0 && (
          <Typography variant="body2" color="textSecondary" sx={{ px: 2, pb: 2 }}>
            None: every price that is paid earns a plan.
          </Typography>
        )}
        {data && data.results.length > 0 && (
          <>
            <Typography variant="body2" color="textSecondary" sx={{ px: 2, pb: 1.5 }}>
              They are paid, and give at most what the subscription earned before.
              {!data.exact && ' There are more subscriptions than are counted here.'}
            </Typography>
            <Box component="ul" sx={{ m: 0, p: 0, listStyle: 'none' }}>
              {data.results.map((one) => (
                <Row key={one.priceId} of={one} known={known} mayMap={mayMap} />
              ))}
            </Box>
          </>
        )}
      </Section>
    </Box>
  );
}
