import { type FormEvent, useState } from 'react';
import { ask } from './api';
import { DeletedTenants } from './deleted-tenants';
import { useAction } from './hooks';
import { Button, Fault, Field, Title } from './parts';
import { navigate } from './router';
import { addressOf, TenantList } from './tenant-list';
import { calledBy, type Me } from './types';

function NewTenant({ reload }: { reload: () => Promise<Me | undefined> }) {
  const [name, setName] = useState('');
  const { busy, error, run } = useAction();
  const create = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      const tenant = await ask<{ id: string }>('POST', '/v1/tenants', { name: name.trim() });
      await reload();
      navigate(addressOf(tenant));
    });
  };
  return (
    <form onSubmit={create} aria-label="Create a team">
      <Field
        label="Name of a new team"
        required
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.target.value)}
        fault={error?.errors.name}
      />
      {!error?.errors.name && <Fault error={error} />}
      <Button type="submit" busy={busy}>
        Create team
      </Button>
    </form>
  );
}

/** /: the teams of whoever is signed in, and a way to make another. */
export function Home({ me, reload }: { me: Me; reload: () => Promise<Me | undefined> }) {
  return (
    <>
      <Title>Your teams</Title>
      <p className="quiet">Signed in as {calledBy(me.user)}</p>
      <section className="card">
        <TenantList tenants={me.tenants.filter(({ status }) => status !== 'deleted')} />
      </section>
      <section className="card">
        <NewTenant reload={reload} />
      </section>
      <DeletedTenants reload={reload} />
    </>
  );
}
