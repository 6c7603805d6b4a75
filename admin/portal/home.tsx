import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react';
import { ask } from './api';
import { DeletedTenants } from './deleted-tenants';
import { useAction } from './hooks';
import { Button, Fault, Field, Title } from './parts';
import { Link, navigate } from './router';
import { forBrowser } from './storage';
import { calledBy, type Me, type MyTenant } from './types';

const addressOf = (tenant: Pick<MyTenant, 'id'>) => `/t/${encodeURIComponent(tenant.id)}`;

/** The team opened last comes first, the others by name. */
function inOrder(tenants: readonly MyTenant[], last: string | null): MyTenant[] {
  return [...tenants].sort(
    (a, b) => Number(b.id === last) - Number(a.id === last) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
  );
}

function TenantList({ tenants }: { tenants: readonly MyTenant[] }) {
  const [search, setSearch] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const last = forBrowser.get('tenant');
  const needle = search.trim().toLocaleLowerCase();
  const shown = inOrder(tenants, last).filter(({ name }) => name.toLocaleLowerCase().includes(needle));

  /** Arrow keys walk from the search through the teams; Enter in the search opens the first. */
  const walk = (event: KeyboardEvent) => {
    const first = shown[0];
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement && first) return navigate(addressOf(first));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const stops = [...(box.current?.querySelectorAll<HTMLElement>('input, a') ?? [])];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[Math.min(stops.length - 1, Math.max(0, at + step))]?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are an addition to links and an input.
    <div ref={box} onKeyDown={walk}>
      {tenants.length > 1 && (
        <Field label="Find a team" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
      )}
      <ul className="list">
        {shown.map((tenant) => (
          <li key={tenant.id}>
            <Link className="choice" href={addressOf(tenant)}>
              <strong>{tenant.name}</strong>
              <span className="quiet">
                {tenant.role}
                {tenant.status !== 'active' && ` · ${tenant.status}`}
                {tenants.length > 1 && tenant.id === last && ' · opened last'}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <p role="status" className="quiet">
        {shown.length === 0 &&
          (tenants.length === 0 ? 'You are in no team yet. Create one below.' : 'No team of that name.')}
      </p>
    </div>
  );
}

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
