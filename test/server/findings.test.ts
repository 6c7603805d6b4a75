import { AuditEntry } from '../../server/audit/audit.entity';
import { decideTenant } from '../../server/billing/decide-tenant';
import { Finding } from '../../server/billing/finding.entity';
import { wakeFindings } from '../../server/billing/findings/wake-findings';
import { settleFindings } from '../../server/billing/settle-findings';
import { newId } from '../../server/db/id';
import { inTransaction } from '../../server/db/transaction';
import { DAY } from '../support/clock';
import { aTenant } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
let support: SignedIn;
let viewer: SignedIn;
beforeAll(async () => {
  server = await startServer();
  admin = await server.signIn('admin');
  support = await server.signIn('support');
  viewer = await server.signIn('viewer');
});
afterAll(() => server.close());

const findings = () => server.context.db.getRepository(Finding);
const cause = { actor: { type: 'worker' as const, id: 'reconciliation', name: 'reconciliation' }, runId: 'run_1' };

async function aFinding(given: Partial<Finding> = {}): Promise<Finding> {
  const id = newId('fnd');
  const now = server.context.now();
  const tenantId = given.tenantId ?? (await aTenant(server.context)).id;
  const state = given.status === 'resolved' ? { resolvedAt: now } : {};
  await findings().insert({
    id,
    fingerprint: id,
    kind: 'unknown-status',
    cause: 'unknown-status',
    severity: 'warning',
    summary: 'Something differs.',
    firstSeenAt: now,
    lastSeenAt: now,
    ...state,
    ...given,
    tenantId,
  });
  return findings().findOneByOrFail({ id });
}

const inDays = (days: number) => new Date(+server.context.now() + days * DAY).toISOString();
const audits = (id: string) => server.context.db.getRepository(AuditEntry).findBy({ resourceId: id });
const found = {
  kind: 'unknown-status',
  cause: 'unknown-status',
  severity: 'critical',
  subscriptionId: null,
  customerId: null,
  summary: 'Stripe reports the status "odd".',
  expected: null,
  actual: 'odd',
  atRisk: null,
} as const;

/** What the engine finds of a tenant at this moment: the one difference, or none. */
const engineFinds = (tenantId: string, here: boolean) =>
  inTransaction(server.context.db, (tx) =>
    settleFindings(tx, new Map([[tenantId, here ? [found] : []]]), server.context.now(), cause),
  );

const BODIES: Record<string, object> = {
  assign: {},
  snooze: { until: '2099-01-01T00:00:00Z' },
  dismiss: { reason: 'known and harmless' },
  reopen: {},
  repair: {},
};

describe.each(Object.entries(BODIES))('POST /api/findings/:id/%s', (verb, body) => {
  it('is for admins and support, not for viewers or strangers', async () => {
    const sent = verb === 'snooze' ? { until: inDays(1) } : body;
    for (const { agent } of [admin, support]) {
      const { id } = await aFinding(verb === 'repair' ? { status: 'resolved' } : {});
      const answer = await agent.post(`/api/findings/${id}/${verb}`).send(sent).expect(200);
      expect(answer.body.id).toBe(id);
    }
    const { id } = await aFinding();
    await viewer.agent.post(`/api/findings/${id}/${verb}`).send(sent).expect(403);
    await server.anonymous().post(`/api/findings/${id}/${verb}`).send(sent).expect(401);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({ status: 'open', ownerId: null });
    expect(await audits(id)).toEqual([]);
  });

  it('says that an unknown finding is unknown', async () => {
    const sent = verb === 'snooze' ? { until: inDays(1) } : body;
    await admin.agent.post(`/api/findings/fnd_none/${verb}`).send(sent).expect(404);
  });
});

describe('the state of a finding', () => {
  it.each([
    ['assign', 'resolved', 'finding_resolved'],
    ['snooze', 'resolved', 'finding_resolved'],
    ['dismiss', 'resolved', 'finding_resolved'],
    ['reopen', 'resolved', 'finding_resolved'],
    ['snooze', 'dismissed', 'finding_dismissed'],
  ] as const)('refuses to %s what is %s', async (verb, status, code) => {
    const { id } = await aFinding({ status });
    const sent = verb === 'snooze' ? { until: inDays(1) } : BODIES[verb]!;
    const { body } = await admin.agent.post(`/api/findings/${id}/${verb}`).send(sent).expect(409);
    expect(body.code).toBe(code);
    expect((await findings().findOneByOrFail({ id })).status).toBe(status);
    expect(await audits(id)).toEqual([]);
  });

  it.each<[string, () => object, RegExp]>([
    ['snooze', () => ({}), /until/],
    ['snooze', () => ({ until: 'tomorrow' }), /until/],
    ['snooze', () => ({ until: inDays(-1) }), /future/],
    ['snooze', () => ({ until: inDays(400) }), /year/],
    ['dismiss', () => ({}), /reason/],
    ['dismiss', () => ({ reason: ' x ' }), /reason/],
    ['assign', () => ({ ownerId: 'opr_none' }), /ownerId/],
    ['assign', () => ({ ownerId: viewer.id }), /ownerId/],
    ['assign', () => ({ ownerId: 7 }), /ownerId/],
  ])('bad input to %s is told', async (verb, body, told) => {
    const { id } = await aFinding();
    await support.agent.post(`/api/findings/${id}/${verb}`).send(body()).expect(400, told);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({ status: 'open', ownerId: null });
  });

  it('goes from hand to hand, each step in the audit log once', async () => {
    const { id } = await aFinding();
    const post = (verb: string, body: object) =>
      support.agent.post(`/api/findings/${id}/${verb}`).send(body).expect(200);
    expect((await post('assign', {})).body.owner).toEqual({ id: support.id, name: 'support one' });
    await post('assign', { ownerId: support.id });
    expect((await post('assign', { ownerId: admin.id })).body.ownerId).toBe(admin.id);
    expect((await post('assign', { ownerId: null })).body.owner).toBeNull();
    const until = inDays(3);
    expect((await post('snooze', { until })).body).toMatchObject({ status: 'snoozed', snoozedUntil: until });
    await post('snooze', { until });
    const dismissed = { status: 'dismissed', snoozedUntil: null, dismissedReason: 'a test of ours' };
    expect((await post('dismiss', { reason: 'a test of ours' })).body).toMatchObject(dismissed);
    await post('dismiss', { reason: 'a test of ours' });
    expect((await post('reopen', {})).body).toMatchObject({ status: 'open', dismissedReason: null });
    const entries = (await audits(id)).sort((a, b) => a.seq - b.seq);
    expect(entries.map(({ action }) => action)).toEqual([
      'finding.assign',
      'finding.assign',
      'finding.assign',
      'finding.snooze',
      'finding.dismiss',
      'finding.reopen',
    ]);
    expect(entries[4]).toMatchObject({ reason: 'a test of ours', actorId: support.id });
  });

  it('is left without an owner when the operator is deleted', async () => {
    const gone = await server.signIn('support');
    const { id } = await aFinding({ ownerId: gone.id });
    await admin.agent.delete(`/api/operators/${gone.id}`).expect(200);
    expect((await viewer.agent.get(`/api/findings/${id}`)).body).toMatchObject({ ownerId: null, owner: null });
  });
});

it('lists whom findings can be given to, for those who may give them', async () => {
  const { body } = await support.agent.get('/api/findings/owners').expect(200);
  expect(body).toContainEqual({ id: admin.id, name: 'admin one' });
  expect(body.map(({ id }: { id: string }) => id)).not.toContain(viewer.id);
  await viewer.agent.get('/api/findings/owners').expect(403);
});

describe('POST /api/findings/bulk/VERB', () => {
  it('does it to each by itself, and tells which could not be', async () => {
    const [first, second, resolved] = [await aFinding(), await aFinding(), await aFinding({ status: 'resolved' })];
    const ids = [first.id, resolved.id, second.id, 'fnd_none'];
    const { body } = await support.agent
      .post('/api/findings/bulk/dismiss')
      .send({ ids, reason: 'all of one kind' })
      .expect(200);
    expect(body.results.map(({ id, ok }: { id: string; ok: boolean }) => [id, ok])).toEqual([
      [first.id, true],
      [resolved.id, false],
      [second.id, true],
      ['fnd_none', false],
    ]);
    for (const { id } of [first, second]) {
      expect((await findings().findOneByOrFail({ id })).status).toBe('dismissed');
      expect(await audits(id)).toHaveLength(1);
    }
    await support.agent
      .post('/api/findings/bulk/reopen')
      .send({ ids: [first.id] })
      .expect(200);
    await support.agent
      .post('/api/findings/bulk/assign')
      .send({ ids: [first.id] })
      .expect(200);
    const until = inDays(2);
    await support.agent
      .post('/api/findings/bulk/snooze')
      .send({ ids: [first.id], until })
      .expect(200);
    const { body: now } = await viewer.agent.get(`/api/findings/${first.id}`);
    expect(now).toMatchObject({ status: 'snoozed', snoozedUntil: until, ownerId: support.id });
  });

  it.each(Object.keys(BODIES).filter((verb) => verb !== 'repair'))('%s is not for viewers', async (verb) => {
    const { id } = await aFinding();
    await viewer.agent
      .post(`/api/findings/bulk/${verb}`)
      .send({ ids: [id], ...BODIES[verb] })
      .expect(403);
  });

  it('needs what the single verb needs', async () => {
    const { id } = await aFinding();
    await admin.agent
      .post('/api/findings/bulk/snooze')
      .send({ ids: [id] })
      .expect(400, /until/);
    await admin.agent.post('/api/findings/bulk/dismiss').send({ ids: [], reason: 'none' }).expect(400, /ids/);
  });
});

describe('time and the engine', () => {
  it('wakes a snoozed finding when its date has come, once', async () => {
    const { id } = await aFinding();
    const later = await aFinding();
    const snooze = (one: string, days: number) =>
      support.agent
        .post(`/api/findings/${one}/snooze`)
        .send({ until: inDays(days) })
        .expect(200);
    await snooze(id, 1);
    await snooze(later.id, 30);
    await wakeFindings(server.context);
    expect((await findings().findOneByOrFail({ id })).status).toBe('snoozed');
    server.clock.advance(DAY + 1000);
    await wakeFindings(server.context);
    await wakeFindings(server.context);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({ status: 'open', snoozedUntil: null });
    expect((await findings().findOneByOrFail({ id: later.id })).status).toBe('snoozed');
    expect((await audits(id)).map(({ action }) => action).sort()).toEqual(['finding.snooze', 'finding.wake']);
  });

  it.each(['snooze', 'dismiss'])('%s holds while the difference stays, and not when it comes back', async (verb) => {
    const { id: tenantId } = await aTenant(server.context);
    await engineFinds(tenantId, true);
    const { id } = await findings().findOneByOrFail({ tenantId });
    await support.agent.post(`/api/findings/${id}/assign`).send({}).expect(200);
    const body = verb === 'snooze' ? { until: inDays(1) } : BODIES[verb]!;
    const { body: put } = await support.agent.post(`/api/findings/${id}/${verb}`).send(body).expect(200);
    await engineFinds(tenantId, true);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({ status: put.status, ownerId: support.id });

    await engineFinds(tenantId, false);
    const { body: closed } = await viewer.agent.get(`/api/findings/${id}`).expect(200);
    expect(closed).toMatchObject({ status: 'resolved', snoozedUntil: null, repair: null });
    expect(closed.resolvedBy).toEqual({ ...cause.actor, eventId: null, runId: 'run_1' });

    await engineFinds(tenantId, true);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({
      status: 'open',
      ownerId: null,
      dismissedReason: null,
      resolvedBy: null,
      resolvedAt: null,
      occurrences: 2,
    });
  });

  it('lose nothing that an operator says while a decision is under way', async () => {
    const { id: tenantId } = await aTenant(server.context);
    await engineFinds(tenantId, true);
    const { id } = await findings().findOneByOrFail({ tenantId });
    await Promise.all([
      ...Array.from({ length: 8 }, () => engineFinds(tenantId, true)),
      support.agent.post(`/api/findings/${id}/dismiss`).send({ reason: 'in between' }).expect(200),
    ]);
    expect(await findings().findOneByOrFail({ id })).toMatchObject({
      status: 'dismissed',
      dismissedReason: 'in between',
      occurrences: 1,
    });
  });

  it('close what an operator dismissed when the tenant is decided anew without it', async () => {
    const { id: tenantId } = await aTenant(server.context);
    await engineFinds(tenantId, true);
    await inTransaction(server.context.db, (tx) => decideTenant(tx, server.context, tenantId, { actor: cause.actor }));
    expect(await findings().findOneByOrFail({ tenantId })).toMatchObject({
      status: 'resolved',
      resolvedBy: { type: 'worker', runId: null },
    });
  });
});

describe('the list', () => {
  it('begins with the most money at risk; what has no amount comes last', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const amounts = ['900', null, '120000', '4900'];
    for (const atRiskAmount of amounts)
      await aFinding({ tenantId, atRiskAmount, atRiskCurrency: atRiskAmount && 'eur' });
    const filter = encodeURIComponent(JSON.stringify({ tenantId, status: 'open' }));
    const { body, headers } = await viewer.agent.get(`/api/findings?filter=${filter}`).expect(200);
    expect(headers['content-range']).toBe('findings 0-3/4');
    expect(body.map(({ atRisk }: { atRisk: { amount: number } | null }) => atRisk?.amount ?? null)).toEqual([
      120000,
      4900,
      900,
      null,
    ]);
  });

  it('is filtered by owner, and by having none', async () => {
    const { id: tenantId } = await aTenant(server.context);
    const mine = await aFinding({ tenantId, ownerId: admin.id });
    const nobodys = await aFinding({ tenantId });
    const ids = async (filter: object) => {
      const { body } = await viewer.agent.get(`/api/findings?filter=${encodeURIComponent(JSON.stringify(filter))}`);
      return body.map(({ id }: { id: string }) => id);
    };
    expect(await ids({ tenantId, ownerId: admin.id })).toEqual([mine.id]);
    expect(await ids({ tenantId, ownerId: null })).toEqual([nobodys.id]);
    expect(await ids({ tenantId, cause: ['unknown-status'], severity: 'warning' })).toHaveLength(2);
    expect(await ids({ tenantId, cause: 'missed-webhook' })).toEqual([]);
  });

  it('says which repair a finding has, what it will do, and who may', async () => {
    const { id } = await aFinding({ kind: 'unknown-price' });
    const { body } = await viewer.agent.get(`/api/findings/${id}`);
    expect(body.repair).toMatchObject({ verb: 'map-price', changesPlan: true, access: 'findings:repair-billing' });
  });

  it.each([
    [{ status: 'open' }, 'atRiskAmount', 'findings_status_risk'],
    [{}, 'atRiskAmount', 'findings_risk'],
    [{ kind: 'past-due', status: 'open' }, 'atRiskAmount', 'findings_kind'],
    [{ ownerId: 'opr_1', status: 'open' }, 'atRiskAmount', 'findings_owner'],
    [{ status: 'open' }, 'lastSeenAt', 'findings_status'],
  ])('filtered by %j and sorted by %s reads no more than a page, in order, from %s', async (filter, sort, index) => {
    const { db } = server.context;
    const where = Object.entries(filter).map(([field, value]) => `${field} = '${value}'`);
    const [plan]: { key: string; Extra: string }[] = await db.query(
      `EXPLAIN SELECT * FROM findings FORCE INDEX (${index}) ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY ${sort} DESC, id DESC LIMIT 25`,
    );
    expect(plan).toMatchObject({ key: index });
    expect(plan!.Extra ?? '').not.toContain('filesort');
  });
});
