import { RecordContextProvider, useGetManyReference, useRecordContext } from 'react-admin';
import { Fact } from '../../parts/section';
import { Upcoming } from '../../parts/upcoming';

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
