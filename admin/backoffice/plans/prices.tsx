import { Alert, Box, Button, Chip, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { type HttpError, useDataProvider } from 'react-admin';
import type { Api } from '../api';
import { faultOf } from '../parts/ask';
import { PlanName } from '../parts/blast-radius';
import { Muted } from '../parts/fields';
import { InStripe } from '../parts/in-stripe';
import { costOf, type StripePrice } from './plan';

/** Those of Stripe's prices that have these ids; an id that Stripe does not know is not among them. */
export function usePrices(ids: readonly string[]) {
  const api = useDataProvider<Api>();
  const { data, error, isFetching, refetch } = useQuery<StripePrice[], HttpError>({
    queryKey: ['stripe-prices', 'ids', ...ids],
    queryFn: async () => (await api.stripePrices({ ids: [...ids] })).results,
    enabled: ids.length > 0,
    retry: false,
    staleTime: 60_000,
    placeholderData: (last) => last,
  });
  return { prices: new Map(data?.map((price) => [price.id, price])), error, isFetching, again: () => void refetch() };
}

/** Stripe did not answer: what that means for the page, and another try. */
export const StripeAway = ({ error, again, more }: { error: HttpError; again: () => void; more: string }) => (
  <Alert
    severity="warning"
    action={
      <Button color="inherit" size="small" sx={{ whiteSpace: 'nowrap' }} onClick={again}>
        Try again
      </Button>
    }
  >
    {faultOf(error)} {more}
  </Alert>
);

/** What of a price a reader must beware of. */
function Marks({ of: { active, livemode, planId }, ownPlanId }: { of: StripePrice; ownPlanId?: string | undefined }) {
  const chip = { height: 20, fontSize: '0.7rem' };
  return (
    <>
      {!livemode && <Chip size="small" variant="outlined" label="test" sx={chip} />}
      {!active && <Chip size="small" variant="outlined" color="warning" label="archived" sx={chip} />}
      {planId && planId !== ownPlanId && (
        <Chip
          size="small"
          variant="outlined"
          color="warning"
          label={
            <>
              earns <PlanName planId={planId} />
            </>
          }
          sx={chip}
        />
      )}
    </>
  );
}

interface PriceLineProps {
  id: string;
  /** As Stripe tells it; left out where Stripe does not know it or was not asked. */
  price?: StripePrice | undefined;
  /** Why nothing is told of it. */
  missing?: string;
  ownPlanId?: string | undefined;
  link?: boolean;
}

/** A price as people know it: its product, what it costs, and its id. */
export const PriceLine = ({ id, price, missing = '', ownPlanId, link }: PriceLineProps) => (
  <Box sx={{ minWidth: 0, flex: 1, overflowWrap: 'anywhere' }}>
    <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.75, alignItems: 'center' }}>
      <Typography variant="body2" component="span" sx={{ fontWeight: 560 }}>
        {price ? [price.productName ?? 'Unnamed product', price.nickname].filter(Boolean).join(' · ') : id}
      </Typography>
      {price && (
        <Typography variant="body2" component="span">
          {costOf(price)}
        </Typography>
      )}
      {price && <Marks of={price} ownPlanId={ownPlanId} />}
    </Box>
    <Typography variant="caption" color="textSecondary" component="div">
      {price ? (
        <>
          <code>{id}</code>
          {price.lookupKey && (
            <>
              {' '}
              · lookup key <code>{price.lookupKey}</code>
            </>
          )}
        </>
      ) : (
        missing
      )}
    </Typography>
    {link && price && <InStripe url={price.stripeUrl} />}
  </Box>
);

/** A plan's prices, one a line, as Stripe tells them. */
export function PriceLines({ ids, planId }: { ids: readonly string[]; planId: string }) {
  const { prices, error, isFetching, again } = usePrices(ids);
  if (ids.length === 0) return <Muted>No price of Stripe’s earns this plan.</Muted>;
  const missing = isFetching ? 'Asking Stripe …' : error ? '' : 'Stripe does not know this price.';
  return (
    <Box sx={{ display: 'grid', gap: 1.5 }}>
      {error && <StripeAway error={error} again={again} more="The prices stay mapped as they are." />}
      {ids.map((id) => (
        <PriceLine key={id} id={id} price={prices.get(id)} missing={missing} ownPlanId={planId} link />
      ))}
    </Box>
  );
}
