import { Alert, Box, LinearProgress, Typography } from '@mui/material';
import { RecordContextProvider, useGetList, useRecordContext } from 'react-admin';
import { stripeUrl } from '../../../../domain/stripe-url';
import { PlanName } from '../../parts/blast-radius';
import { Id, Status } from '../../parts/fields';
import { InStripe } from '../../parts/in-stripe';
import { Section } from '../../parts/section';
import { Upcoming } from '../../parts/upcoming';
import { BuyLink } from './BuyLink';
import { CancelSubscription } from './CancelSubscription';
import { ChangePlan } from './ChangePlan';
import { ExtendTrial } from './ExtendTrial';
import { LinkCustomer } from './LinkCustomer';
import { ResumeSubscription } from './ResumeSubscription';
import { LIVE_STATUSES, type OfSubscription, type OfTenant, type SubscriptionRecord } from './rights';
import { UnlinkCustomer } from './UnlinkCustomer';

const Line = ({ children }: { children: React.ReactNode }) => (
  <Box
    sx={{
      px: 2,
      py: 1.25,
      borderTop: 1,
      borderColor: 'divider',
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'center',
      columnGap: 2,
      rowGap: 1,
    }}
  >
    {children}
  </Box>
);

const Buttons = ({ children }: { children: React.ReactNode }) => (
  <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, ml: { sm: 'auto' } }}>{children}</Box>
);

function SubscriptionLine({ tenant, subscription }: OfSubscription) {
  const { id, planId, status, livemode } = subscription;
  const decides = tenant.subscriptionId === id;
  return (
    <Line>
      <Box sx={{ minWidth: 0 }}>
        <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', columnGap: 1, rowGap: 0.5 }}>
          <Typography component="span" sx={{ fontWeight: 620 }}>
            {planId ? <PlanName planId={planId} /> : 'A price that no plan knows'}
          </Typography>
          <Status value={status} />
          <Typography component="span" variant="body2" color="textSecondary">
            <RecordContextProvider value={subscription}>
              <Upcoming />
            </RecordContextProvider>
            {decides && ' · decides the plan'}
          </Typography>
        </Box>
        <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', columnGap: 1.5, mt: 0.5 }}>
          <Id value={id} />
          <InStripe url={stripeUrl(id, livemode)} />
        </Box>
      </Box>
      <Buttons>
        <ChangePlan tenant={tenant} subscription={subscription} />
        <ExtendTrial tenant={tenant} subscription={subscription} />
        <ResumeSubscription tenant={tenant} subscription={subscription} />
        <CancelSubscription tenant={tenant} subscription={subscription} />
      </Buttons>
    </Line>
  );
}

interface CustomerRecord {
  id: string;
  name: string | null;
  deleted: boolean;
  stripeUrl: string | null;
}

function CustomerLine({ tenant, customer }: OfTenant & { customer: CustomerRecord }) {
  const { id, name, deleted, stripeUrl: url } = customer;
  return (
    <Line>
      <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', columnGap: 1.5, minWidth: 0 }}>
        <Typography component="span" variant="body2" color="textSecondary">
          {deleted ? 'Customer, deleted in Stripe' : 'Customer'}
          {name && ` ${name}`}
        </Typography>
        <Id value={id} />
        {!deleted && <InStripe url={url} />}
      </Box>
      <Buttons>
        <UnlinkCustomer tenant={tenant} customerId={id} />
      </Buttons>
    </Line>
  );
}

const Said = ({ children }: { children: React.ReactNode }) => (
  <Typography variant="body2" color="textSecondary" sx={{ px: 2, pb: 1.5 }}>
    {children}
  </Typography>
);

/** What a tenant pays for in Stripe, by whom, and what can be done about it. */
export function BillingSection() {
  const tenant = useRecordContext();
  const { data, isPending, error } = useGetList<SubscriptionRecord>(
    'subscriptions',
    {
      filter: { tenantId: tenant?.id, status: LIVE_STATUSES },
      pagination: { page: 1, perPage: 25 },
      sort: { field: 'startedAt', order: 'DESC' },
    },
    { enabled: Boolean(tenant) },
  );
  if (!tenant) return null;
  const live = data ?? [];
  const customers: CustomerRecord[] = tenant.stripeCustomers;
  return (
    <Section
      title="Billing"
      action={
        <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', justifyContent: 'flex-end' }}>
          <LinkCustomer tenant={tenant} />
          {data && <BuyLink tenant={tenant} live={live} />}
        </Box>
      }
    >
      {tenant.status === 'suspended' && live.length > 0 && (
        <Alert severity="info" sx={{ mx: 2, mb: 1.5 }}>
          Suspended, and still charged: suspending ends no subscription. Cancel it here if nobody shall pay meanwhile.
        </Alert>
      )}
      {tenant.status === 'deleted' && live.length > 0 && (
        <Alert severity="warning" sx={{ mx: 2, mb: 1.5 }}>
          Deleted, and still paid for until what is below ends.
        </Alert>
      )}
      {isPending && <LinearProgress aria-label="Loading subscriptions" />}
      {error && (
        <Alert severity="error" sx={{ mx: 2, mb: 1.5 }}>
          Its subscriptions could not be read: {error.message}
        </Alert>
      )}
      {data && live.length === 0 && <Said>No live subscription: nothing is paid through Stripe.</Said>}
      {live.map((subscription) => (
        <SubscriptionLine key={subscription.id} tenant={tenant} subscription={subscription} />
      ))}
      {customers.length === 0 && (
        <Said>
          No Stripe customer. One is linked by itself when the tenant first buys; one made by hand in Stripe can be
          linked here.
        </Said>
      )}
      {customers.map((customer) => (
        <CustomerLine key={customer.id} tenant={tenant} customer={customer} />
      ))}
    </Section>
  );
}
