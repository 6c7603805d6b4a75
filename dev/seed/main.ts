import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { systemActor } from '../../server/audit/actor';
import { AuditChain, AuditEntry, AuditPersonal } from '../../server/audit/audit.entity';
import { PlanDecisionRow } from '../../server/billing/explanation/plan-decision.entity';
import { Finding } from '../../server/billing/finding.entity';
import { Override } from '../../server/billing/override.entity';
import { PlanChange } from '../../server/billing/plan-change.entity';
import { StripeCustomer } from '../../server/billing/stripe-customer.entity';
import { StripeEvent } from '../../server/billing/stripe-event.entity';
import { writeState } from '../../server/billing/stripe-state';
import { Subscription } from '../../server/billing/subscription.entity';
import { loadConfig } from '../../server/config';
import { ConvergenceDay } from '../../server/convergence/convergence-day.entity';
import { ContactRequest } from '../../server/customer-api/contact-request.entity';
import { insertMany } from '../../server/db/bulk';
import { openDatabase } from '../../server/db/data-source';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { Email } from '../../server/emails/email.entity';
import { EmailEvent } from '../../server/emails/email-event.entity';
import { Suppression } from '../../server/emails/suppression.entity';
import { Invitation } from '../../server/invitations/invitation.entity';
import { InvitationOpening } from '../../server/invitations/invitation-opening.entity';
import { InvitationToken } from '../../server/invitations/invitation-token.entity';
import { Membership } from '../../server/memberships/membership.entity';
import { createApiKey } from '../../server/operators/create-api-key';
import { createOperator } from '../../server/operators/create-operator';
import { Operator } from '../../server/operators/operator.entity';
import { Plan } from '../../server/plans/plan.entity';
import { PlanPrice } from '../../server/plans/plan-price.entity';
import { ReconcileChange, ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { convergenceDays } from './convergence';
import { mailStories } from './mail-stories';
import { SEED_PLANS } from './plans';
import { appliedPlan } from './runs';
import { loadStandIn } from './stand-in';
import { World } from './world';

const PASSWORD = 'tenantry-demo';
const LOGINS = [
  { email: 'admin@example.com', name: 'Alex Admin', role: 'admin' as const },
  { email: 'support@example.com', name: 'Sam Support', role: 'support' as const },
  { email: 'viewer@example.com', name: 'Vic Viewer', role: 'viewer' as const },
];

/** The run of the last night, before anything went wrong. */
function lastNight(now: Date, subscriptions: number): Partial<ReconcileRun> {
  const startedAt = new Date(now);
  startedAt.setUTCHours(3, 0, 12, 0);
  if (startedAt > now) startedAt.setUTCDate(startedAt.getUTCDate() - 1);
  return {
    id: newId('run'),
    mode: 'apply',
    trigger: 'schedule',
    status: 'done',
    night: startedAt.toISOString().slice(0, 10),
    progress: 1,
    listed: true,
    scanned: subscriptions,
    actorType: systemActor.type,
    actorId: systemActor.id,
    actorName: systemActor.name,
    startedAt,
    finishedAt: new Date(+startedAt + 4000),
  };
}

/** Fills an empty database with the demo world; a database that holds a tenant is left as it is. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  if (config.seed !== 'demo') return console.log('SEED is not demo: nothing to do.');
  const db = await openDatabase(config.databaseUrl, { poolSize: 4 });
  try {
    for (const login of LOGINS) {
      if (!(await db.getRepository(Operator).existsBy({ email: login.email })))
        await createOperator(db, systemActor, { ...login, password: PASSWORD });
    }
    if (await db.getRepository(Tenant).exists())
      return console.log('There are tenants already: the demo data is left as it is.');
    const admin = await db.getRepository(Operator).findOneByOrFail({ email: LOGINS[0]!.email });
    // Its secret is thrown away: nobody can call with it.
    await createApiKey(db, systemActor, { name: 'Reporting (demo)', role: 'viewer', expiresAt: null });
    const now = new Date();
    const world = new World(
      now,
      config.publicUrl,
      new URL(config.publicUrl).hostname,
      { type: 'operator', id: admin.id, name: admin.name },
      config.pastDueGraceDays,
    );
    const read = await loadStandIn(config.stripe, SEED_PLANS, world.stripe);
    const stale = new Set(world.stripe.filter((one) => one.mirrorStatus !== one.status).map(({ id }) => id));
    for (const row of world.subscriptions) {
      const { createdAt = row.createdAt, ...kept } = read.get(row.id) ?? {};
      Object.assign(row, { createdAt }, stale.has(row.id) ? {} : kept);
    }
    const { emails, invitations, memberships } = world;
    const mails = mailStories(
      { emails: emails as Email[], invitations: invitations as Invitation[], memberships },
      now,
    );
    await inTransaction(db, async (tx) => {
      const write = async (entity: EntityTarget<ObjectLiteral>, rows: object[]) => {
        for (let from = 0; from < rows.length; from += 400) await tx.insert(entity, rows.slice(from, from + 400));
      };
      for (const { id, stripePriceIds, amount: _amount, isDefault, ...plan } of SEED_PLANS) {
        if (isDefault) await tx.update(Plan, { id }, plan as object);
        else await tx.insert(Plan, { id, ...plan } as object);
        if (stripePriceIds.length > 0)
          await tx.insert(
            PlanPrice,
            stripePriceIds.map((priceId) => ({ priceId, planId: id })),
          );
      }
      await write(Tenant, world.tenants);
      await write(User, world.users);
      await write(Identity, world.identities);
      await write(Membership, world.memberships);
      await write(Invitation, world.invitations);
      await write(InvitationToken, world.tokens);
      await write(Email, world.emails);
      await write(EmailEvent, mails.events);
      await write(Suppression, mails.suppressions);
      await write(InvitationOpening, mails.openings);
      await write(ContactRequest, mails.contacts);
      await write(StripeCustomer, world.customers);
      await write(Subscription, world.subscriptions);
      await write(StripeEvent, world.events);
      await write(Override, world.overrides);
      await write(PlanChange, world.planChanges);
      await insertMany<PlanDecisionRow>(tx, PlanDecisionRow, world.decisions);
      await write(Finding, world.findings);
      const night = lastNight(now, world.subscriptions.length);
      await write(ReconcileRun, [night]);
      const plan = appliedPlan(
        now,
        { type: 'operator', id: admin.id, name: admin.name },
        world.tenants,
        world.planChanges,
      );
      await write(ReconcileRun, [plan.run]);
      await write(ReconcileChange, plan.rows);
      await writeState(tx, 'whole-sweep', { runId: night.id!, verifiedAt: night.startedAt!.toISOString() });
      await write(
        ConvergenceDay,
        convergenceDays(
          now,
          world.tenants.map(({ createdAt }) => createdAt!),
        ),
      );
      // As if the workers had been at it all along: what the demo's stories lost is for a reconciliation to find.
      await writeState(tx, 'catch-up', { lastCreated: Math.floor(+now / 1000) });
      await write(
        AuditEntry,
        world.audit.map(({ entry }) => entry),
      );
      await write(
        AuditPersonal,
        world.audit.flatMap(({ personal }) => personal),
      );
      // Chains outside tenants may have begun when the operators were made; the demo's own all belong to tenants.
      await write(AuditChain, [...world.chains.values()]);
    });
    console.log(
      `Seeded ${world.tenants.length} tenants, ${world.users.length} users, ${world.invitations.length} invitations, ${world.subscriptions.length} subscriptions.`,
    );
  } finally {
    await db.destroy();
  }
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
