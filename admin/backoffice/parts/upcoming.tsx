import { type RaRecord, useGetList, useRecordContext } from 'react-admin';
import { Muted, When } from './fields';

interface Upcomer extends RaRecord {
  status: string;
  cancelAt: string | null;
  cancelAtPeriodEnd: boolean;
  currentPeriodEnd: string | null;
  trialEnd: string | null;
  /** What a schedule in Stripe turns it into next. */
  scheduledChange: { at: string; items: { priceId: string; quantity: number }[] } | null;
}

interface Priced extends RaRecord {
  name: string;
  stripePriceIds: string[];
}

const OVER = ['canceled', 'incomplete_expired'];

/** Plans by the prices that buy them: what is scheduled names prices alone. */
function Becomes({ items, at }: NonNullable<Upcomer['scheduledChange']>) {
  const { data: plans = [] } = useGetList<Priced>('plans', {
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'rank', order: 'ASC' },
  });
  const told = items.map(({ priceId, quantity }) => {
    const name = plans.find(({ stripePriceIds }) => stripePriceIds.includes(priceId))?.name ?? priceId;
    return quantity > 1 ? `${name} × ${quantity}` : name;
  });
  return (
    <>
      becomes {told.join(' + ')} <When value={at} />
    </>
  );
}

/** What time alone will do to a subscription, by what Stripe says now: a scheduled change, an end, the first payment. */
export function Upcoming() {
  const subscription = useRecordContext<Upcomer>();
  if (!subscription || OVER.includes(subscription.status)) return <Muted>—</Muted>;
  const { cancelAt, cancelAtPeriodEnd, currentPeriodEnd, trialEnd, status, scheduledChange } = subscription;
  if (scheduledChange) return <Becomes {...scheduledChange} />;
  if (cancelAt || cancelAtPeriodEnd)
    return (
      <>
        ends <When value={cancelAt ?? currentPeriodEnd} />
      </>
    );
  if (status === 'trialing' && trialEnd)
    return (
      <>
        trial ends <When value={trialEnd} />
      </>
    );
  return <Muted>renews</Muted>;
}
