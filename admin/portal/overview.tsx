import { useLoad } from './hooks';
import { day, Fault, Loading } from './parts';
import { Link } from './router';
import { addressOf } from './tenant-list';
import type { TabProps, TenantPlan } from './types';

const ROLES = {
  owner: 'You are an owner: everything here is yours to do.',
  admin: 'You are an admin: you run the team, all but billing, owners and deletion.',
  member: 'You are a member: you see the team and may leave it.',
};

/** What the plan does next, where somebody should know. */
function ahead({ status, source, cancelAt, currentPeriodEnd }: TenantPlan): string | null {
  if (status === 'past_due') return 'The last payment failed';
  if (cancelAt) return `Ends on ${day(cancelAt)}`;
  return source === 'subscription' && currentPeriodEnd ? `Renews on ${day(currentPeriodEnd)}` : null;
}

/** The first tab: the team at a glance, with the ways on. */
export function Overview({ tenant, api }: TabProps) {
  const plan = useLoad<TenantPlan>(`${api}/plan`);
  const home = addressOf(tenant);
  const { memberCount, seatLimit } = tenant;
  return (
    <>
      <Fault error={plan.error} retry={() => void plan.reload()} />
      <div className="plans">
        <section className="card" aria-labelledby="overview-plan">
          <h2 id="overview-plan">Plan</h2>
          {!plan.data && !plan.error && <Loading />}
          {plan.data && (
            <>
              <p className="price">{plan.data.planName}</p>
              <p className="quiet">{ahead(plan.data)}</p>
            </>
          )}
          <Link href={`${home}/plan`}>Plan and billing</Link>
        </section>
        <section className="card" aria-labelledby="overview-team">
          <h2 id="overview-team">Team</h2>
          <p className="price">
            {memberCount} {memberCount === 1 ? 'member' : 'members'}
          </p>
          <p className="quiet">{seatLimit === null ? 'No limit of seats' : `of ${seatLimit} seats`}</p>
          <Link href={`${home}/team`}>Members and invitations</Link>
        </section>
      </div>
      <p className="quiet after">{ROLES[tenant.role]}</p>
    </>
  );
}
