import { useEffect } from 'react';
import { Overview } from './overview';
import { Notice, Title } from './parts';
import { PlanPage } from './plan';
import { Link } from './router';
import { Settings } from './settings';
import { forBrowser } from './storage';
import { Team } from './team';
import { addressOf } from './tenant-list';
import { TenantSwitch } from './tenant-switch';
import { calledBy, type TabProps } from './types';

const TABS = [
  { id: 'overview', label: 'Overview', Tab: Overview },
  { id: 'team', label: 'Team', Tab: Team },
  { id: 'plan', label: 'Plan', Tab: PlanPage },
  { id: 'settings', label: 'Settings', Tab: Settings },
] as const;

interface TenantPagesProps extends Omit<TabProps, 'tenant' | 'api'> {
  tenantId: string;
  tab: string;
}

/** /t/:tenantId and its tabs. */
export function TenantPages({ me, reload, tenantId, tab }: TenantPagesProps) {
  const tenant = me.tenants.find(({ id }) => id === tenantId);
  const shown = TABS.find(({ id }) => id === tab);
  const found = tenant !== undefined;
  useEffect(() => {
    if (found) forBrowser.set('tenant', tenantId);
  }, [found, tenantId]);
  if (!tenant || !shown)
    return (
      <section className="card narrow">
        <Title>There is nothing here</Title>
        <p>
          You are signed in as {calledBy(me.user)}. Either there is no such page, or this account is not a member of the
          team.
        </p>
        <Link href="/">Go to your teams</Link>
      </section>
    );
  const home = addressOf(tenant);
  return (
    <>
      <div className="row between">
        <Title tab={`${shown.label} · ${tenant.name}`}>{tenant.name}</Title>
        <TenantSwitch me={me} current={tenant.id} />
      </div>
      <nav aria-label="Team">
        {TABS.map(({ id, label }) => (
          <Link
            key={id}
            href={id === 'overview' ? home : `${home}/${id}`}
            aria-current={id === tab ? 'page' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      {tenant.status === 'suspended' && (
        <Notice kind="warn">
          This team is suspended: you can look, but change nothing.
          {tenant.suspendedReason && ` The reason: “${tenant.suspendedReason}”.`} Ask support about it.
        </Notice>
      )}
      <shown.Tab me={me} tenant={tenant} reload={reload} api={`/v1/tenants/${encodeURIComponent(tenant.id)}`} />
    </>
  );
}
