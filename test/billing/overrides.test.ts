import { AuditEntry } from '../../server/audit/audit.entity';
import { Override } from '../../server/billing/override.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { DAY } from '../support/clock';
import { aMembership, aPlan, aTenant } from '../support/factories';
import type { Agent } from '../support/server';
import { type OperatorWorld, operatorWorld } from './operator-world';

let world: OperatorWorld;
let admin: Agent;
beforeAll(async () => {
  world = await operatorWorld();
  ({ admin } = world);
  await aPlan(world.server.context, { id: 'retired', kind: 'custom', rank: 5, active: false, name: 'Old Plan' });
});
afterEach(() => world.standIn.world.calmDown());
afterAll(() => world.close());

const inDays = (days: number) => new Date(+world.server.context.now() + days * DAY).toISOString();
const grant = (tenantId: string, more: object = {}, agent = admin) =>
  agent
    .post('/api/overrides')
    .send({ tenantId, planId: 'business', reason: 'Agreed with sales.', endsAt: inDays(30), ...more });
const granted = async (tenantId: string, more: object = {}) => (await grant(tenantId, more).expect(201)).body;
const end = (id: string, body: object = {}, agent = admin) => agent.post(`/api/overrides/${id}/end`).send(body);
const extend = (id: string, body: object, agent = admin) => agent.post(`/api/overrides/${id}/extend`).send(body);
const preview = (tenantId: string, body: object, agent = admin) =>
  agent.post(`/api/tenants/${tenantId}/preview`).send(body);
const planOf = async (id: string) =>
  (await world.server.context.db.getRepository(Tenant).findOneByOrFail({ id })).planId;
const auditsOf = (resourceId: string) =>
  world.server.context.db.getRepository(AuditEntry).find({ where: { resourceId }, order: { at: 'ASC', id: 'ASC' } });
const aBare = async () => (await aTenant(world.server.context)).id;
const texts = ({ warnings }: { warnings: { text: string }[] }) => warnings.map(({ text }) => text);
const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code);

describe('granting a plan', () => {
  it('gives it at once, tells who and why, and writes it down', async () => {
    const tenantId = await aBare();
    const body = await granted(tenantId);
    expect(body).toMatchObject({
      tenantId,
      planId: 'business',
      pin: false,
      status: 'running',
      endsSoon: false,
      decides: true,
      createdBy: { type: 'operator' },
      notedAt: null,
    });
    expect(await planOf(tenantId)).toBe('business');
    expect(await auditsOf(body.id)).toMatchObject([{ action: 'override.create', reason: 'Agreed with sales.' }]);
  });

  it('may begin later', async () => {
    const tenantId = await aBare();
    const body = await granted(tenantId, { startsAt: inDays(2) });
    expect(body).toMatchObject({ status: 'upcoming', decides: false, cost: null });
    expect(await planOf(tenantId)).toBe('free');
  });

  it.each<[string, string, RegExp, () => object]>([
    ['an end that has gone by', 'endsAt', /future/, () => ({ endsAt: inDays(-1) })],
    ['an end before its start', 'endsAt', /after its start/, () => ({ startsAt: inDays(9), endsAt: inDays(8) })],
    ['no end', 'endsAt', /Say until when/, () => ({ endsAt: undefined })],
    ['a start that has gone by', 'startsAt', /past/, () => ({ startsAt: inDays(-1) })],
    ['no reason', 'reason', /Say why/, () => ({ reason: ' ' })],
    ['an unknown plan', 'planId', /no plan "gold"/, () => ({ planId: 'gold' })],
    ['a retired plan', 'planId', /Old Plan is retired/, () => ({ planId: 'retired' })],
    ['an unknown tenant', 'tenantId', /no tenant/, () => ({ tenantId: 'ten_nobody' })],
  ])('refuses %s by the field %s', async (_what, field, message, more) => {
    const tenantId = await aBare();
    const { body } = await grant(tenantId, more()).expect(400);
    expect(body.errors[field]).toMatch(message);
    expect(await planOf(tenantId)).toBe('free');
  });

  it('refuses a deleted tenant', async () => {
    const tenantId = await aBare();
    await admin.delete(`/api/tenants/${tenantId}`).expect(200);
    expect((await grant(tenantId).expect(400)).body.errors.tenantId).toMatch(/is deleted: restore it first/);
  });

  it('is for admins alone; everybody may read', async () => {
    const tenantId = await aBare();
    const { id } = await granted(tenantId);
    for (const agent of [world.support, world.viewer]) {
      await grant(tenantId, {}, agent).expect(403);
      await end(id, {}, agent).expect(403);
      await extend(id, { endsAt: inDays(60), reason: 'Longer.' }, agent).expect(403);
      await agent.get('/api/overrides').expect(200);
      await agent.get(`/api/overrides/${id}`).expect(200);
      await agent.get('/api/override-costs').expect(200);
    }
    for (const path of ['/api/overrides', '/api/override-costs']) await world.server.anonymous().get(path).expect(401);
  });
});

describe('ending one early', () => {
  it('gives back what the tenant has without it, once', async () => {
    const tenantId = await aBare();
    const { id, version } = await granted(tenantId);
    const { body } = await end(id, { reason: 'No longer needed.', version }).expect(200);
    expect(body).toMatchObject({ status: 'ended', endedAt: expect.any(String), version: version + 1, cost: null });
    expect(await planOf(tenantId)).toBe('free');
    expect((await end(id).expect(409)).body.code).toBe('override_ended');
    expect((await auditsOf(id)).map(({ action }) => action)).toEqual(['override.create', 'override.end']);
  });

  it('of two operators at once is done by one', async () => {
    const tenantId = await aBare();
    const { id, version } = await granted(tenantId);
    const other = (await world.server.signIn('admin')).agent;
    const answers = await Promise.all([end(id, { version }), end(id, { version }, other)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await auditsOf(id)).filter(({ action }) => action === 'override.end')).toHaveLength(1);
  });

  it('keeps an upcoming one from ever beginning', async () => {
    const tenantId = await aBare();
    const { id } = await granted(tenantId, { startsAt: inDays(2) });
    expect((await end(id).expect(200)).body.status).toBe('ended');
    const tenant = await world.server.context.db.getRepository(Tenant).findOneByOrFail({ id: tenantId });
    expect(tenant).toMatchObject({ planId: 'free', nextDecisionAt: null });
  });

  it('answers 404 for what there is not', async () => {
    await end('ovr_nothing').expect(404);
    await extend('ovr_nothing', { endsAt: inDays(9), reason: 'Longer.' }).expect(404);
  });
});

describe('extending', () => {
  it('gives a later end, writes it down, and owes the note before the end anew', async () => {
    const tenantId = await aBare();
    const { id, version, endsAt } = await granted(tenantId);
    const overrides = world.server.context.db.getRepository(Override);
    await overrides.update({ id }, { noteDueAt: null, notedAt: new Date() });
    const later = inDays(60);
    const read = (await admin.get(`/api/overrides/${id}`)).body.version;
    expect(read).toBeGreaterThan(version);
    const { body } = await extend(id, { endsAt: later, reason: 'They asked for more.', version: read }).expect(200);
    expect(body).toMatchObject({ endsAt: later, notedAt: null, version: read + 1 });
    expect(await overrides.findOneByOrFail({ id })).toMatchObject({
      noteDueAt: new Date(Date.parse(later) - 3 * DAY),
    });
    const tenant = await world.server.context.db.getRepository(Tenant).findOneByOrFail({ id: tenantId });
    expect(tenant.nextDecisionAt?.toISOString()).toBe(later);
    expect((await auditsOf(id)).at(-1)).toMatchObject({
      action: 'override.extend',
      reason: 'They asked for more.',
      changes: { endsAt: { from: endsAt, to: later } },
    });
  });

  it('refuses an end that is no later, a stale version, no reason, and one that is over', async () => {
    const tenantId = await aBare();
    const { id, version } = await granted(tenantId);
    const more = { endsAt: inDays(60), reason: 'Longer.' };
    const sooner = await extend(id, { ...more, endsAt: inDays(3) }).expect(400);
    expect(sooner.body.errors.endsAt).toMatch(/must be later than its present end/);
    expect((await extend(id, { endsAt: inDays(60) }).expect(400)).body.errors.reason).toMatch(/Say why/);
    await extend(id, { ...more, version }).expect(200);
    const stale = await extend(id, { ...more, endsAt: inDays(90), version }).expect(409);
    expect(stale.body).toMatchObject({ code: 'stale_version', current: { id, endsAt: expect.any(String) } });
    await end(id).expect(200);
    expect((await extend(id, { ...more, endsAt: inDays(99) }).expect(409)).body.code).toBe('override_ended');
  });
});

describe('the preview', () => {
  const asked = (more: object = {}) => ({ action: 'grant-override', planId: 'business', endsAt: inDays(30), ...more });

  it('of a grant tells what it gives, what it falls to when it ends, and who has no seat then', async () => {
    const { id } = await world.paying();
    await granted(id, { endsAt: inDays(1) });
    for (let n = 0; n < 3; n += 1) await aMembership(world.server.context, { tenantId: id });
    const endsAt = inDays(30);
    const { body } = await preview(id, asked({ endsAt })).expect(200);
    expect(body).toMatchObject({
      action: 'grant-override',
      before: { planId: 'business', source: 'override' },
      after: { planId: 'business', source: 'override', seatLimit: 10 },
      seats: { limit: 10, members: 3, membersOver: 0 },
      atEnd: { planId: 'starter', source: 'subscription', at: endsAt, seats: { limit: 2, members: 3, membersOver: 1 } },
      proration: null,
      mails: [],
    });
    expect(texts(body)).toEqual([
      'Stripe goes on charging: the customer pays €19.00 a month for Plan starter meanwhile.',
      expect.stringMatching(/Plan business, a floor.*while both run, this one wins/),
    ]);
  });

  it('of a pin below what is paid warns of the money and counts the seats', async () => {
    const { id } = await world.paying({ items: [{ price: world.prices.business }] });
    for (let n = 0; n < 3; n += 1) await aMembership(world.server.context, { tenantId: id });
    const { body } = await preview(id, asked({ planId: 'starter', pin: true })).expect(200);
    expect(body).toMatchObject({
      after: { planId: 'starter' },
      atEnd: { planId: 'business' },
      seats: { membersOver: 1 },
    });
    expect(texts(body)).toEqual([
      'Stripe goes on charging: the customer pays €49.00 a month for Plan business and gets Plan starter meanwhile.',
    ]);
  });

  it('of a floor below what is paid says that it changes nothing', async () => {
    const { id } = await world.paying({ items: [{ price: world.prices.business }] });
    const { body } = await preview(id, asked({ planId: 'starter' })).expect(200);
    expect(body).toMatchObject({ after: { planId: 'business', source: 'subscription' } });
    expect(codes(body)).toEqual(['changes-nothing']);
  });

  it('knows that a cancelled subscription charges no more, and is gone when the override ends', async () => {
    const { id } = await world.paying({ cancel_at_period_end: true });
    const { body } = await preview(id, asked({ endsAt: inDays(90) })).expect(200);
    expect(body.atEnd.planId).toBe('free');
    expect(body.warnings).toEqual([]);
  });

  it('warns of a trial that will be charged for meanwhile', async () => {
    const { id } = await world.paying({ trial_period_days: 7 });
    expect(texts((await preview(id, asked()).expect(200)).body)).toEqual([
      expect.stringMatching(/^Stripe will charge €19\.00 a month for Plan starter once the trial ends on 20/),
    ]);
    expect((await preview(id, asked({ endsAt: inDays(3) })).expect(200)).body.warnings).toEqual([]);
  });

  it('says which of two overrides wins', async () => {
    const id = await aBare();
    await granted(id, { pin: true, endsAt: inDays(5) });
    const { body } = await preview(id, asked({ planId: 'starter', pin: true })).expect(200);
    expect(body.after.planId).toBe('business');
    expect(texts(body)).toEqual([expect.stringMatching(/Plan business, pinned.*while both run, that one wins/)]);
    const over = await preview(id, asked({ startsAt: inDays(6) })).expect(200);
    expect(over.body.warnings).toEqual([]);
    const floor = await aBare();
    await granted(floor, { endsAt: inDays(5) });
    const pinned = await preview(floor, asked({ planId: 'starter', pin: true })).expect(200);
    expect(texts(pinned.body)).toEqual([expect.stringMatching(/a floor.*while both run, this one wins/)]);
  });

  it('of an end and of an extension tells what follows', async () => {
    const { id } = await world.paying();
    const { id: overrideId } = await granted(id);
    const ended = await preview(id, { action: 'end-override', overrideId }).expect(200);
    expect(ended.body).toMatchObject({ before: { planId: 'business' }, after: { planId: 'starter' }, atEnd: null });
    const later = inDays(60);
    const extended = await preview(id, { action: 'extend-override', overrideId, endsAt: later }).expect(200);
    expect(extended.body).toMatchObject({ after: { planId: 'business' }, atEnd: { planId: 'starter', at: later } });
    expect(codes(extended.body)).toEqual(['still-charging']);
    expect(await planOf(id)).toBe('business');
  });

  it('needs Stripe; the grant itself does not', async () => {
    const { id } = await world.paying();
    world.standIn.world.faults.failNext = 20;
    await preview(id, asked()).expect(503);
    expect((await granted(id)).status).toBe('running');
    expect(await planOf(id)).toBe('business');
  });

  it('refuses as the action would', async () => {
    const id = await aBare();
    const refused = async (body: object) => (await preview(id, body).expect(400)).body.errors;
    expect(await refused(asked({ endsAt: inDays(-1) }))).toEqual({ endsAt: 'must be in the future.' });
    expect(await refused(asked({ planId: 'retired' }))).toHaveProperty('planId');
    await preview(id, { action: 'end-override', overrideId: 'ovr_nothing' }).expect(404);
    const { id: overrideId } = await granted(id);
    expect(await refused({ action: 'extend-override', overrideId, endsAt: inDays(2) })).toHaveProperty('endsAt');
    await end(overrideId).expect(200);
    await preview(id, { action: 'end-override', overrideId }).expect(409);
    const other = await granted(await aBare());
    await preview(id, { action: 'end-override', overrideId: other.id }).expect(404);
    for (const agent of [world.support, world.viewer]) await preview(id, asked(), agent).expect(403);
  });
});

describe('the list', () => {
  const list = async (filter: object, more: object = {}) =>
    (
      await admin
        .get('/api/overrides')
        .query({ filter: JSON.stringify(filter), range: '[0,99]', ...more })
        .expect(200)
    ).body;

  it('filters by where they stand, by plan and tenant, and sorts by the end', async () => {
    const tenantId = await aBare();
    const running = await granted(tenantId, { endsAt: inDays(20) });
    const ending = await granted(tenantId, { endsAt: inDays(2), planId: 'starter' });
    const upcoming = await granted(tenantId, { startsAt: inDays(1), endsAt: inDays(40) });
    const over = await granted(tenantId, { endsAt: inDays(50) });
    await end(over.id).expect(200);
    const ids = async (filter: object) =>
      (await list({ tenantId, ...filter }, { sort: '["endsAt","ASC"]' })).map(({ id }: { id: string }) => id);
    expect(await ids({ status: 'running' })).toEqual([ending.id, running.id]);
    expect(await ids({ status: 'ending' })).toEqual([ending.id]);
    expect(await ids({ status: 'upcoming' })).toEqual([upcoming.id]);
    expect(await ids({ status: 'ended' })).toEqual([over.id]);
    expect(await ids({ status: ['upcoming', 'ended'] })).toEqual([upcoming.id, over.id]);
    expect(await ids({ planId: 'starter' })).toEqual([ending.id]);
    await admin
      .get('/api/overrides')
      .query({ filter: '{"status":"lost"}' })
      .expect(400, /running, upcoming, ended/);
  });

  it('tells what each costs a month, and what all do', async () => {
    const totals = async () => (await admin.get('/api/override-costs').expect(200)).body;
    const before = await totals();
    const amount = ({ cost }: { cost: { amount: number; currency: string }[] }) =>
      cost.find(({ currency }) => currency === 'eur')?.amount ?? 0;
    // Somebody buys Business, so that its price is known.
    await world.paying({ items: [{ price: world.prices.business }] });
    const unpaid = await aBare();
    const paying = await world.paying();
    const idle = await world.paying({ items: [{ price: world.prices.business }] });
    const first = await granted(unpaid);
    const beside = await granted(unpaid, { planId: 'starter', endsAt: inDays(9) });
    const second = await granted(paying.id);
    const third = await granted(idle.id);
    const eur = (minor: number) => ({ amount: minor, currency: 'eur' });
    const read = async ({ id }: { id: string }) => (await admin.get(`/api/overrides/${id}`)).body;
    expect(await read(first)).toMatchObject({ decides: true, worth: eur(4900), paid: eur(0), cost: eur(4900) });
    expect(await read(beside)).toMatchObject({ decides: false, cost: eur(0) });
    expect(await read(second)).toMatchObject({ decides: true, worth: eur(4900), paid: eur(1900), cost: eur(3000) });
    expect(await read(third)).toMatchObject({ decides: false, cost: eur(0) });
    const after = await totals();
    // The earlier ones of Business are known now, too: only those made here are compared.
    expect(amount(after) - amount(before)).toBeGreaterThanOrEqual(7900);
    expect(after).toMatchObject({ counted: before.counted + 4, more: false });
    const rows = await list({ status: 'running' });
    const sum = rows.reduce(
      (all: number, { cost }: { cost: { amount: number } | null }) => all + (cost?.amount ?? 0),
      0,
    );
    expect(amount(after)).toBe(sum);
  });

  it('says that a price is not known rather than nothing', async () => {
    await aPlan(world.server.context, { id: 'unsold', rank: 40 });
    const tenantId = await aBare();
    const { id } = await granted(tenantId, { planId: 'unsold' });
    expect((await admin.get(`/api/overrides/${id}`)).body).toMatchObject({ decides: true, worth: null, cost: null });
    expect((await admin.get('/api/override-costs')).body.unknown).toBeGreaterThanOrEqual(1);
  });
});
