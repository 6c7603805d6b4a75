import { type FormEvent, useState } from 'react';
import { canInTenant } from '../../domain/permissions';
import { ask } from './api';
import { HandOver } from './hand-over';
import { useAction } from './hooks';
import { Button, Fault, Field, Notice } from './parts';
import { navigate } from './router';
import type { TabProps } from './types';

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

/** Deleting is confirmed by typing the name, which nobody does by mistake. */
function Delete({ tenant, api, reload }: TabProps) {
  const [typed, setTyped] = useState('');
  const { busy, error, run } = useAction();
  const remove = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await ask('DELETE', api, { cancel: 'period_end' });
      await reload();
      navigate('/', { replace: true });
    });
  };
  return (
    <section className="card">
      <h2>Delete this team</h2>
      <p>
        Everybody loses access at once. A paid subscription ends with the period that is paid for. You can bring the
        team back from “Your teams” for a while.
      </p>
      <form onSubmit={remove}>
        <Field
          label={`Type “${tenant.name}” to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Fault error={error} />
        <Button type="submit" look="danger" busy={busy} disabled={typed.trim() !== tenant.name.trim()}>
          Delete for everybody
        </Button>
      </form>
    </section>
  );
}

/** The team's name, and its end. */
export function Settings(props: TabProps) {
  const { role, status } = props.tenant;
  const active = status === 'active';
  const [owner, setOwner] = useState<string>();
  const renames = active && canInTenant(role, 'tenant:update');
  return (
    <>
      <div aria-live="polite">
        {owner && <Notice kind="good">{owner} is the owner of this team now, and you are an admin of it.</Notice>}
      </div>
      {renames && <Rename {...props} />}
      {active && canInTenant(role, 'tenant:hand-over') && <HandOver {...props} onDone={setOwner} />}
      {active && canInTenant(role, 'tenant:delete') && <Delete {...props} />}
      {active && !renames && <p className="quiet">Only owners and admins of the team change its settings.</p>}
    </>
  );
}
