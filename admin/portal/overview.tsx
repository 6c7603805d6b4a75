import { useState } from 'react';
import { ask } from './api';
import { useAction } from './hooks';
import { Button, Confirm } from './parts';
import { navigate } from './router';
import { calledBy, type TabProps } from './types';

function Leave({ me, tenant, api, reload }: TabProps) {
  const [asking, setAsking] = useState(false);
  const { busy, error, run } = useAction();
  const leave = () =>
    run(async () => {
      await ask('DELETE', `${api}/members/${encodeURIComponent(me.user.id)}`);
      await reload();
      navigate('/', { replace: true });
    });
  return (
    <section className="card">
      <h2>Leave</h2>
      <p>You lose access to this team; only a new invitation brings you back.</p>
      <Button look="danger" onClick={() => setAsking(true)}>
        Leave this team
      </Button>
      {asking && (
        <Confirm
          title={`Leave ${tenant.name}?`}
          verb="Leave"
          danger
          busy={busy}
          error={error}
          onConfirm={leave}
          onClose={() => setAsking(false)}
        >
          <p>You can not come back on your own.</p>
        </Confirm>
      )}
    </section>
  );
}

/** The first tab: what the team is to the reader, and the way out. */
export function Overview(props: TabProps) {
  const { me, tenant } = props;
  const active = tenant.status === 'active';
  return (
    <>
      <section className="card">
        <dl>
          <dt>You</dt>
          <dd>{me.user.name ? `${me.user.name}, ${calledBy(me.user)}` : me.user.email}</dd>
          <dt>Your role</dt>
          <dd>{tenant.role}</dd>
          <dt>Status</dt>
          <dd>{tenant.status}</dd>
        </dl>
      </section>
      {active && <Leave {...props} />}
    </>
  );
}
