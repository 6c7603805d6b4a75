import { type FormEvent, useState } from 'react';
import { canInTenant } from '../../domain/permissions';
import { ask } from './api';
import { useAction } from './hooks';
import { Button, Confirm, Fault, Field, Notice } from './parts';
import { navigate } from './router';
import { calledBy, type TabProps } from './types';

function Rename({ tenant, api, reload }: TabProps) {
  const [name, setName] = useState(tenant.name);
  const [saved, setSaved] = useState(false);
  const { busy, error, run } = useAction();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setSaved(false);
    setSaved(
      await run(async () => {
        await ask('PATCH', api, { name: name.trim() });
        await reload();
      }),
    );
  };
  return (
    <section className="card">
      <h2>Name</h2>
      <form onSubmit={save}>
        <Field
          label="Name of the team"
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
          fault={error?.errors.name}
        />
        {!error?.errors.name && <Fault error={error} />}
        {saved && <Notice kind="good">The name is changed.</Notice>}
        <Button type="submit" busy={busy} disabled={name.trim() === tenant.name}>
          Save
        </Button>
      </form>
    </section>
  );
}

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

/** The first tab: what the team is to the reader, its name, and the way out. */
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
      {active && canInTenant(tenant.role, 'tenant:update') && <Rename {...props} />}
      {active && <Leave {...props} />}
    </>
  );
}
