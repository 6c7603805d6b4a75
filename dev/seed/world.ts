import { decidePlan } from '../../domain/decide-plan';
import type { PlanFinding } from '../../domain/decide-plan.types';
import { emailKey } from '../../domain/invitation';
import type { TenantRole } from '../../domain/permissions';
import type { Actor } from '../../server/audit/actor';
import { type AuditInput, type ChainedEntry, type ChainHead, chainEntry, chainOf } from '../../server/audit/record';
import type { Override } from '../../server/billing/override.entity';
import type { PlanChange } from '../../server/billing/plan-change.entity';
import { newId } from '../../server/db/id';
import type { Membership } from '../../server/memberships/membership.entity';
import { sha256 } from '../../server/secrets';
import type { Tenant } from '../../server/tenants/tenant.entity';
import { mirrorOf, type SeedSubscription, subscriptionOf } from './billing';
import { decisionsOf } from './decisions';
import { Inbox } from './finding-stories';
import { invitationsOf } from './invitations';
import { domainOf, FIRST_NAMES, LAST_NAMES, organisation } from './names';
import { datesOf } from './override-stories';
import { SEED_PLANS } from './plans';
import { Random } from './random';
import { type SubscriptionStory, storyOf, type TenantStory } from './stories';

const DAY = 86_400_000;
const TENANTS = 250;
const MONTHS = 14;

interface Person {
  id: string;
  email: string;
  name: string;
  createdAt: Date;
}

/** All rows of the demo, by table; each list is written with one insert a few hundred rows at a time. */
export class World {
  readonly tenants: Partial<Tenant>[] = [];
  readonly users: object[] = [];
  readonly identities: object[] = [];
  readonly memberships: Pick<Membership, 'id' | 'tenantId' | 'userId' | 'role' | 'createdAt'>[] = [];
  readonly invitations: object[] = [];
  readonly tokens: object[] = [];
  readonly emails: object[] = [];
  readonly overrides: (Pick<Override, 'id' | 'tenantId' | 'reason' | 'createdAt'> & Partial<Override>)[] = [];
  readonly customers: object[] = [];
  readonly subscriptions: ReturnType<typeof mirrorOf>['subscription'][] = [];
  readonly planChanges: Partial<PlanChange>[] = [];
  readonly decisions: ReturnType<typeof decisionsOf>['rows'] = [];
  readonly findings: object[] = [];
  readonly events: object[] = [];
  readonly audit: ChainedEntry[] = [];
  readonly chains = new Map<string, ChainHead>();
  /** What Stripe has of all that: for the stand-in. */
  readonly stripe: SeedSubscription[] = [];

  readonly #random = new Random(20_260_101);
  readonly #people: Person[] = [];
  readonly #customerIds = new Set<string>();
  readonly #inbox: Inbox;

  constructor(
    private readonly now: Date,
    private readonly issuer: string,
    private readonly hostname: string,
    private readonly operator: Actor,
    private readonly graceDays: number,
  ) {
    this.#inbox = new Inbox(operator, now);
    for (let n = 0; n < TENANTS; n += 1) this.#addTenant(n);
    const missed = this.subscriptions.find(
      ({ planId, status, tenantId }) => tenantId && planId === 'starter' && status === 'active',
    );
    if (missed) this.findings.push({ id: newId('fnd'), ...this.#inbox.missedBy(missed.tenantId!, missed.id) });
  }

  #tell(input: Omit<AuditInput, 'actor'> & { actor?: Actor }, at: Date): void {
    const full = { actor: this.operator, ...input };
    const chain = chainOf(full);
    const link = chainEntry(this.chains.get(chain) ?? { chain, seq: 0, hash: '' }, full, at);
    this.audit.push(link);
    this.chains.set(chain, link.head);
  }

  #person(domain: string, createdAt: Date): Person {
    const random = this.#random;
    if (this.#people.length > 40 && random.chance(0.12)) return random.pick(this.#people);
    const name = `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
    const local = name.toLowerCase().replace(' ', '.');
    const email = `${local}@${domain}`;
    const standing = this.#people.find((one) => one.email === email);
    if (standing) return standing;
    const id = newId('usr');
    const key = emailKey(email);
    const lastSeenAt = random.chance(0.85)
      ? new Date(+this.now - random.whole(0, 40) * DAY - random.whole(0, DAY))
      : null;
    this.users.push({
      id,
      email,
      emailKey: key,
      name,
      createdAt,
      lastSeenAt: lastSeenAt && lastSeenAt > createdAt ? lastSeenAt : null,
    });
    this.identities.push({
      id: newId('idn'),
      issuer: this.issuer,
      subject: `email:${sha256(key)}`,
      email,
      userId: id,
      createdAt,
    });
    const person = { id, email, name, createdAt };
    this.#people.push(person);
    return person;
  }

  #addTenant(n: number): void {
    const random = this.#random;
    // The youngest signed up within hours: no sweep has seen them yet.
    const isYoungest = n >= TENANTS - 3;
    const story: TenantStory = isYoungest ? { base: 'free', subscriptions: [] } : storyOf(n, random);
    const name = organisation(n);
    const id = newId('ten');
    // Growth: most tenants came lately.
    const createdAt = new Date(
      +this.now - Math.floor((1 - Math.sqrt((n + 1) / TENANTS)) * MONTHS * 30 * DAY) - random.whole(1, 20) * 3_600_000,
    );
    if (isYoungest) createdAt.setTime(+this.now - (TENANTS - n) * 65 * 60_000);
    this.#tell(
      {
        action: 'tenant.create',
        resource: 'tenants',
        resourceId: id,
        tenantId: id,
        changes: { name: { from: null, to: name }, planId: { from: null, to: story.base } },
      },
      createdAt,
    );
    const memberCount = this.#addMembers(id, name, createdAt);
    const decided = this.#addBilling(id, name, story, createdAt);
    const deletedAt = story.status === 'deleted' ? new Date(+this.now - random.whole(2, 20) * DAY) : null;
    if (story.status && story.status !== 'active')
      this.#tell(
        {
          action: story.status === 'deleted' ? 'tenant.delete' : 'tenant.suspend',
          resource: 'tenants',
          resourceId: id,
          tenantId: id,
          changes: { status: { from: 'active', to: story.status } },
          reason: story.status === 'suspended' ? 'Unusual sign-in pattern, owner informed' : null,
        },
        deletedAt ?? new Date(+this.now - 5 * DAY),
      );
    this.tenants.push({
      id,
      name,
      status: story.status ?? 'active',
      suspendedReason: story.status === 'suspended' ? 'Unusual sign-in pattern, owner informed' : null,
      basePlanId: story.base,
      memberCount,
      createdAt,
      deletedAt,
      ...decided,
    });
    this.#addInvitations(id, name, createdAt, n);
  }

  #addMembers(tenantId: string, name: string, createdAt: Date): number {
    const random = this.#random;
    const size = random.chance(0.15) ? random.whole(6, 14) : random.whole(1, 5);
    const taken = new Set<string>();
    for (let n = 0; n < size; n += 1) {
      const at = new Date(Math.min(+createdAt + n * random.whole(1, 12) * DAY, +this.now - 3_600_000));
      const person = this.#person(domainOf(name), at);
      if (taken.has(person.id)) continue;
      const role: TenantRole = taken.size === 0 ? 'owner' : random.chance(0.2) ? 'admin' : 'member';
      taken.add(person.id);
      const id = newId('mem');
      this.memberships.push({ id, tenantId, userId: person.id, role, createdAt: at });
      this.#tell(
        {
          action: 'membership.create',
          resource: 'memberships',
          resourceId: id,
          tenantId,
          changes: { userId: { from: null, to: person.id }, role: { from: null, to: role } },
        },
        at,
      );
    }
    return taken.size;
  }

  #addBilling(tenantId: string, name: string, story: TenantStory, createdAt: Date): Partial<Tenant> {
    const stripe = story.subscriptions.map((told, index) =>
      subscriptionOf({ tenantId, tenantName: name, told, index, createdAt, now: this.now, random: this.#random }),
    );
    this.stripe.push(...stripe);
    const mirror = stripe.map((one) => mirrorOf(one, this.now));
    for (const { customer, subscription, event } of mirror) {
      // Two subscriptions of a tenant share its customer.
      if (!this.#customerIds.has(customer.id)) this.customers.push(customer);
      this.#customerIds.add(customer.id);
      this.subscriptions.push(subscription);
      this.events.push(event);
    }
    const overrides = story.override ? [this.#addOverride(tenantId, story.override, createdAt)] : [];
    const facts = {
      basePlanId: story.base,
      overrides,
      subscriptions: mirror.map(({ fact }) => fact),
      graceDays: this.graceDays,
      livemode: false,
    };
    const decision = decidePlan(facts, SEED_PLANS, this.now);
    for (const { subscription } of mirror) {
      const earned = decision.earned[subscription.id];
      Object.assign(subscription, { planId: earned?.planId ?? null, lastCounted: earned?.counts ?? null });
    }
    for (const finding of decision.findings) this.#addFinding(tenantId, finding);
    if (story.orphan) this.#addOrphan(tenantId, name, story.orphan, createdAt);
    const shown =
      mirror.find(({ subscription }) => subscription.id === decision.subscriptionId)?.subscription ??
      mirror.at(-1)?.subscription;
    const grantedAt = decision.source === 'override' ? overrides[0]?.startsAt : undefined;
    const earlier = this.planChanges.length;
    const planSince = this.#addHistory(tenantId, story, decision, createdAt, shown?.startedAt, grantedAt);
    const { rows, ...kept } = decisionsOf({
      ...{ tenantId, facts, operator: this.operator, now: this.now },
      steps: this.planChanges.slice(earlier),
      overrides: this.overrides.filter((one) => one.tenantId === tenantId),
      subscriptions: mirror.map(({ subscription }) => subscription),
    });
    this.decisions.push(...rows);
    return {
      ...kept,
      planId: decision.planId,
      planSource: decision.source,
      planSince,
      subscriptionId: decision.subscriptionId,
      subscriptionStatus: shown?.status ?? null,
      currentPeriodEnd: shown?.currentPeriodEnd ?? null,
      cancelAt: shown?.cancelAt ?? (shown?.cancelAtPeriodEnd ? shown.currentPeriodEnd : null),
      seatLimit: decision.seatLimit,
      nextDecisionAt: decision.nextChangeAt,
      lastSyncedAt: mirror.length > 0 ? new Date(+this.now - this.#random.whole(1, 600) * 60_000) : null,
    };
  }

  #addFinding(tenantId: string, finding: PlanFinding): void {
    const id = newId('fnd');
    const seen = new Date(+this.now - this.#random.whole(1, 9) * DAY);
    const worked = this.#inbox.workOn(finding);
    this.findings.push({
      id,
      fingerprint: [finding.kind, tenantId, finding.subscriptionId ?? '-'].join('/'),
      tenantId,
      ...this.#inbox.rowOf(finding),
      firstSeenAt: seen,
      lastSeenAt: this.now,
      ...worked?.state,
    });
    if (worked)
      this.#tell({ resource: 'findings', resourceId: id, tenantId, ...worked.step }, new Date(+this.now - 3_600_000));
  }

  #addOrphan(tenantId: string, name: string, told: SubscriptionStory, createdAt: Date): void {
    const { now } = this;
    const one = subscriptionOf({ tenantId, tenantName: name, told, index: 0, createdAt, now, random: this.#random });
    const { customer, subscription, event, fact } = mirrorOf(one, now);
    this.stripe.push(one);
    this.customers.push(customer);
    this.subscriptions.push(Object.assign(subscription, { planId: told.plan, lastCounted: true }));
    this.events.push(event);
    this.findings.push({ id: newId('fnd'), ...this.#inbox.orphanOf(fact) });
  }

  #addOverride(tenantId: string, told: NonNullable<TenantStory['override']>, createdAt: Date) {
    const id = newId('ovr');
    const { grantedAt, ...dates } = datesOf(told, createdAt, this.now);
    const row = { id, tenantId, planId: told.plan, pin: told.pin, reason: told.reason, ...dates };
    this.overrides.push({
      ...row,
      createdByType: this.operator.type,
      createdById: this.operator.id,
      createdByName: this.operator.name,
      createdAt: grantedAt,
    });
    this.#tell(
      {
        action: 'override.create',
        resource: 'overrides',
        resourceId: id,
        tenantId,
        changes: { planId: { from: null, to: told.plan }, pin: { from: null, to: told.pin } },
        reason: told.reason,
      },
      grantedAt,
    );
    const about = { resource: 'overrides', resourceId: id, tenantId };
    if (row.endedAt)
      this.#tell(
        { action: 'override.end', ...about, changes: { endedAt: { from: null, to: row.endedAt } } },
        row.endedAt,
      );
    return row;
  }

  /** The plan history from birth to the present decision. Gives since when the present plan holds. */
  #addHistory(
    tenantId: string,
    story: TenantStory,
    decision: ReturnType<typeof decidePlan>,
    createdAt: Date,
    startedAt: Date | undefined,
    grantedAt: Date | undefined,
  ): Date {
    const step = (
      fromPlanId: string | null,
      toPlanId: string,
      source: PlanChange['source'],
      reason: string,
      at: Date,
      actor: Actor,
      subscriptionId: string | null,
    ) => {
      this.planChanges.push({
        id: newId('pch'),
        tenantId,
        fromPlanId,
        toPlanId,
        source,
        reason,
        subscriptionId,
        actorType: actor.type,
        actorId: actor.id,
        actorName: actor.name,
        at,
      });
      if (fromPlanId !== null)
        this.#tell(
          {
            actor,
            action: 'tenant.change-plan',
            resource: 'tenants',
            resourceId: tenantId,
            tenantId,
            changes: { planId: { from: fromPlanId, to: toPlanId } },
            reason,
          },
          at,
        );
      return at;
    };
    const base = SEED_PLANS.find(({ id }) => id === story.base)!;
    let since = step(null, base.id, 'base', `The base plan is ${base.name}.`, createdAt, this.operator, null);
    let planId = base.id;
    const bought = story.subscriptions[0]?.plan;
    const started = startedAt ?? new Date(+createdAt + DAY);
    const ended = ['canceled', 'unpaid', 'paused'].includes(
      story.subscriptions[0]?.mirrorStatus ?? story.subscriptions[0]?.status ?? '',
    );
    if (bought && (ended || grantedAt) && decision.planId !== bought) {
      since = step(
        planId,
        bought,
        'subscription',
        `A subscription earned ${bought}.`,
        started,
        { type: 'stripe', id: null, name: 'Stripe' },
        null,
      );
      planId = bought;
    }
    if (decision.planId === planId) return since;
    const at = new Date(
      Math.min(
        +this.now - 3_600_000,
        Math.max(+since + 3_600_000, +(grantedAt ?? (ended ? +this.now - 8 * DAY : started))),
      ),
    );
    return step(
      planId,
      decision.planId,
      decision.source,
      decision.reason,
      at,
      decision.source === 'override' ? this.operator : { type: 'stripe', id: null, name: 'Stripe' },
      decision.subscriptionId,
    );
  }

  #addInvitations(tenantId: string, tenantName: string, createdAt: Date, n: number): void {
    const member = this.memberships.filter((one) => one.tenantId === tenantId).at(-1)!;
    const newest = { ...this.#people.find(({ id }) => id === member.userId)!, role: member.role };
    const told = invitationsOf({
      tenantId,
      tenantName,
      createdAt,
      n,
      now: this.now,
      newest,
      random: this.#random,
      operator: this.operator,
      hostname: this.hostname,
    });
    for (const { invitation, token, email, entries } of told) {
      this.invitations.push(invitation);
      this.tokens.push(token);
      this.emails.push(email);
      for (const { at, ...entry } of entries) this.#tell(entry, at);
    }
  }
}
