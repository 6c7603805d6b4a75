import { ask } from './api';
import { useAction, useLoad } from './hooks';
import { Button, day, Fault } from './parts';
import { navigate } from './router';
import type { DeletedTenant, Me, Page } from './types';

function Row({ of: { id, name, restorableUntil }, reload }: { of: DeletedTenant; reload: () => Promise<unknown> }) {
  const { busy, error, run } = useAction();
  const restore = () =>
    run(async () => {
      await ask('POST', `/v1/tenants/${encodeURIComponent(id)}/restore`);
      await reload();
      navigate(`/t/${encodeURIComponent(id)}`);
    });
  return (
    <li className="entry">
      <span>
        <strong>{name}</strong>
        <span className="quiet"> · can be restored until {day(restorableUntil)}</span>
      </span>
      <Button busy={busy} onClick={() => void restore()}>
        Restore
      </Button>
      <Fault error={error} />
    </li>
  );
}

/** Teams that the reader owned and that can still be had back; nothing where there are none. */
export function DeletedTenants({ reload }: { reload: () => Promise<Me | undefined> }) {
  const { data } = useLoad<Page<DeletedTenant>>('/v1/tenants/deleted');
  if (!data || data.items.length === 0) return null;
  return (
    <section className="card">
      <h2>Deleted teams</h2>
      <p className="quiet">Members have access again once a team is restored. A subscription that ended stays ended.</p>
      <ul className="list">
        {data.items.map((one) => (
          <Row key={one.id} of={one} reload={reload} />
        ))}
      </ul>
    </section>
  );
}
