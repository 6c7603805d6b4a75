import { type KeyboardEvent, useRef, useState } from 'react';
import { Field } from './parts';
import { Link, navigate } from './router';
import { forBrowser } from './storage';
import type { MyTenant } from './types';

/** More than these are found by their name. */
const MOST_SHOWN = 50;

export const addressOf = (tenant: Pick<MyTenant, 'id'>) => `/t/${encodeURIComponent(tenant.id)}`;

/** The team opened last comes first, the others by name. */
function inOrder(tenants: readonly MyTenant[], last: string | null): MyTenant[] {
  return [...tenants].sort(
    (a, b) => Number(b.id === last) - Number(a.id === last) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
  );
}

interface TenantListProps {
  tenants: readonly MyTenant[];
  /** The team that is open; the list is a way to another one. */
  current?: string;
  onChosen?: () => void;
}

/** The tenant selector: teams to search and choose from, by the keyboard as well. */
export function TenantList({ tenants, current, onChosen }: TenantListProps) {
  const [search, setSearch] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const last = forBrowser.get('tenant');
  const needle = search.trim().toLocaleLowerCase();
  const found = inOrder(tenants, last).filter(({ name }) => name.toLocaleLowerCase().includes(needle));
  const shown = found.slice(0, MOST_SHOWN);

  /** Arrow keys walk from the search through the teams; Enter in the search opens the first other one. */
  const walk = (event: KeyboardEvent) => {
    const first = shown.find(({ id }) => id !== current) ?? shown[0];
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement && first) {
      onChosen?.();
      return navigate(addressOf(first));
    }
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
            <Link
              className="choice"
              href={addressOf(tenant)}
              aria-current={tenant.id === current ? 'true' : undefined}
              {...(onChosen ? { onClick: onChosen } : {})}
            >
              <strong>{tenant.name}</strong>
              <span className="quiet">
                {tenant.role}
                {tenant.status !== 'active' && ` · ${tenant.status}`}
                {tenant.id === current && ' · open now'}
                {current === undefined && tenants.length > 1 && tenant.id === last && ' · opened last'}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <p role="status" className="quiet">
        {shown.length === 0 &&
          (tenants.length === 0 ? 'You are in no team yet. Create one below.' : 'No team of that name.')}
        {found.length > shown.length && `${found.length - shown.length} more: find them by their name.`}
      </p>
    </div>
  );
}
