import { Box, Typography } from '@mui/material';
import { RecordContextProvider, useGetManyReference, useRecordContext } from 'react-admin';
import { Act } from '../parts/act';
import { Id } from '../parts/fields';
import { Fact, Section } from '../parts/section';
import { Upcoming } from '../parts/upcoming';

/** What a Stripe schedule will turn the tenant's subscription into; nothing where nothing is scheduled. */
export function NextChange() {
  const tenant = useRecordContext();
  // The same question as the table of subscriptions asks, so it is asked once.
  const { data = [] } = useGetManyReference(
    'subscriptions',
    {
      target: 'tenantId',
      id: tenant?.id,
      pagination: { page: 1, perPage: 10 },
      sort: { field: 'startedAt', order: 'DESC' },
      filter: {},
    },
    { enabled: Boolean(tenant) },
  );
  const scheduled = data.find(({ scheduledChange }) => scheduledChange);
  if (!scheduled) return null;
  return (
    <Fact label="Scheduled change">
      <RecordContextProvider value={scheduled}>
        <Upcoming />
      </RecordContextProvider>
    </Fact>
  );
}

const Link = ({ name }: { name: string }) => (
  <Act
    resource="tenants"
    verb="link-customer"
    label="Link a customer"
    explain={`The subscriptions of this Stripe customer will count for ${name} from now on. It is read from Stripe at once, and the plan is decided anew. A tenant may have several customers; a customer belongs to one tenant.`}
    ask={{
      name: 'stripeCustomerId',
      label: 'Stripe customer id',
      help: 'Begins with cus_; it stands on the customer’s page in the Stripe dashboard.',
    }}
    done="Linked, and the plan decided anew"
  />
);

const Unlink = ({ name, customerId }: { name: string; customerId: string }) => (
  <Act
    resource="tenants"
    verb="unlink-customer"
    right="link-customer"
    label="Unlink"
    color="error"
    variant="text"
    explain={
      <>
        <code>{customerId}</code> will count for {name} no more, and its metadata links it never again. What {name}{' '}
        falls back to is decided at once: another linked customer’s subscription, an override, else its base plan.
        Nothing is cancelled in Stripe, so whoever pays goes on paying.
      </>
    }
    body={{ stripeCustomerId: customerId }}
    done="Unlinked, and the plan decided anew"
  />
);

/** Whose subscriptions in Stripe count for this tenant. */
export function StripeCustomers() {
  const tenant = useRecordContext();
  if (!tenant) return null;
  const ids: string[] = tenant.stripeCustomerIds;
  return (
    <Section title="Stripe customers" action={tenant.status !== 'deleted' && <Link name={tenant.name} />}>
      {ids.length === 0 && (
        <Typography variant="body2" color="textSecondary" sx={{ px: 2, pb: 2 }}>
          None. One is linked by itself when the tenant first buys; a customer made by hand in Stripe can be linked
          here.
        </Typography>
      )}
      {ids.map((id) => (
        <Box key={id} sx={{ px: 2, pb: 1.5, display: 'flex', alignItems: 'center', gap: 1, flexWrap: 'wrap' }}>
          <Id value={id} />
          <Unlink name={tenant.name} customerId={id} />
        </Box>
      ))}
    </Section>
  );
}
