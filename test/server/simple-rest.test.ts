import { MINUTE } from '../support/clock';
import { aTenant } from '../support/factories';
import { type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let viewer: SignedIn;
const ids: string[] = [];
const NAMES = ['Alpha Bakery', 'Beta Brewery', 'Gamma Garage', 'Delta Bakery', 'Über Züge'];

beforeAll(async () => {
  server = await startServer();
  viewer = await server.signIn('viewer');
  for (const name of NAMES) ids.push((await aTenant(server.context, { name })).id);
  const admin = await server.signIn('admin');
  await admin.agent.post(`/api/tenants/${ids[2]}/suspend`).send({ reason: 'testing' });
});
afterAll(() => server.close());

const list = (query: Record<string, unknown> = {}, resource = 'tenants') =>
  viewer.agent
    .get(`/api/${resource}`)
    .query(Object.fromEntries(Object.entries(query).map(([name, value]) => [name, JSON.stringify(value)])));
const namesIn = (body: { name: string }[]) => body.map(({ name }) => name);

describe('a list', () => {
  it('without parameters is the first page in the order of the resource, with its total', async () => {
    const { body, headers } = await list().expect(200);
    expect(headers['content-range']).toBe('tenants 0-4/5');
    expect(headers['x-total-at-least']).toBeUndefined();
    expect(namesIn(body)).toEqual([...NAMES].sort((a, b) => a.localeCompare(b, 'de')));
  });

  it.each<[string, string, string[]]>([
    ['name', 'ASC', ['Alpha Bakery', 'Beta Brewery', 'Delta Bakery', 'Gamma Garage', 'Über Züge']],
    ['name', 'DESC', ['Über Züge', 'Gamma Garage', 'Delta Bakery', 'Beta Brewery', 'Alpha Bakery']],
    ['id', 'asc', NAMES],
    ['createdAt', 'DESC', [...NAMES].reverse()],
  ])('sorted by %s %s', async (field, direction, expected) => {
    expect(namesIn((await list({ sort: [field, direction] }).expect(200)).body)).toEqual(expected);
  });

  it('gives the range that is asked for, and says which it was', async () => {
    const { body, headers } = await list({ sort: ['id', 'ASC'], range: [1, 2] }).expect(200);
    expect(namesIn(body)).toEqual(['Beta Brewery', 'Gamma Garage']);
    expect(headers['content-range']).toBe('tenants 1-2/5');
  });

  it('beyond its end is empty, with the total still', async () => {
    const { body, headers } = await list({ range: [50, 74] }).expect(200);
    expect(body).toEqual([]);
    expect(headers['content-range']).toMatch(/^tenants \d+-\d+\/5$/);
  });

  it('of which nothing matches has the total 0', async () => {
    const { body, headers } = await list({ filter: { planId: 'nowhere' } }).expect(200);
    expect(body).toEqual([]);
    expect(headers['content-range']).toMatch(/\/0$/);
  });
});

describe('a filter', () => {
  it.each<[string, object, string[]]>([
    ['by one value', { status: 'suspended' }, ['Gamma Garage']],
    ['by any of several', { status: ['suspended', 'deleted'] }, ['Gamma Garage']],
    ['by several fields', { status: 'active', planId: 'free', q: 'bakery' }, ['Alpha Bakery', 'Delta Bakery']],
    ['by none of a list', { status: [] }, []],
    ['by what is empty', { subscriptionStatus: null, q: 'alpha' }, ['Alpha Bakery']],
    ['by a word that a name holds', { q: 'bakery' }, ['Alpha Bakery', 'Delta Bakery']],
    ['by the beginning of a word', { q: 'brew' }, ['Beta Brewery']],
    ['by two words', { q: 'delta bak' }, ['Delta Bakery']],
    ['by a text too short for the index', { q: 'Al' }, ['Alpha Bakery']],
    ['by a text with signs of the query language', { q: '+-*()"~<>@ bakery' }, ['Alpha Bakery', 'Delta Bakery']],
    ['by signs alone', { q: '%' }, []],
    ['by a text in other accents', { q: 'zuge' }, ['Über Züge']],
    ['by a text in its own accents', { q: 'Über' }, ['Über Züge']],
    ['by a short text beyond ASCII', { q: 'Üb' }, ['Über Züge']],
    ['by a text in another script', { q: '世界' }, []],
    ['by a word that no id could be', { planId: '世界' }, []],
    ['by none of those that refer to it', { stripeCustomerIds: [] }, []],
    ['by a blank text', { q: ' ', status: 'suspended' }, ['Gamma Garage']],
  ])('%s', async (_what, filter, expected) => {
    const { body, headers } = await list({ filter, sort: ['id', 'ASC'] }).expect(200);
    expect(namesIn(body)).toEqual(expected);
    expect(headers['content-range']).toMatch(new RegExp(`/${expected.length}$`));
  });

  it('by a whole id, typed into the search', async () => {
    expect(namesIn((await list({ filter: { q: ids[1] } }).expect(200)).body)).toEqual(['Beta Brewery']);
  });

  it.each(['id', 'ids'])('by %s gives many', async (field) => {
    const { body } = await list({ filter: { [field]: [ids[3], ids[0], 'ten_none'] }, sort: ['id', 'ASC'] }).expect(200);
    expect(namesIn(body)).toEqual(['Alpha Bakery', 'Delta Bakery']);
  });

  it('by more ids than a page usually holds gives them all', async () => {
    const many: string[] = [];
    for (let n = 0; n < 30; n += 1) many.push((await aTenant(server.context, { name: `Crowd ${n}` })).id);
    const { body } = await list({ filter: { id: many } }).expect(200);
    expect(body).toHaveLength(30);
    for (const table of ['plan_decisions', 'plan_changes'])
      await server.context.db.query('DELETE FROM ?? WHERE tenantId IN (?)', [table, many]);
    await server.context.db.query('DELETE FROM tenants WHERE id IN (?)', [many]);
  });

  it('by a time from and until', async () => {
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const found = await list({ filter: { createdAt_gte: at(-MINUTE), createdAt_lte: at(MINUTE) } }).expect(200);
    expect(found.body).toHaveLength(NAMES.length);
    const none = await list({ filter: { createdAt_gte: at(MINUTE) } }).expect(200);
    expect(none.body).toEqual([]);
  });

  it('by a field of the database holds no SQL', async () => {
    const { body } = await list({ filter: { status: `' OR 1=1 -- ` } }).expect(200);
    expect(body).toEqual([]);
  });
});

describe('what a list does not know, it refuses and says what it takes', () => {
  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['an unknown sort', { sort: ['secret', 'ASC'] }, 'sort', /Allowed: id, name, createdAt, memberCount/],
    ['a direction that is none', { sort: ['name', 'UP'] }, 'sort', /must look like/],
    ['an unknown filter', { filter: { secret: 1 } }, 'filter', /Allowed: id, status, .*q/],
    ['a filter of the prototype', { filter: { constructor: 'x' } }, 'filter', /Allowed/],
    ['a bound on what has none', { filter: { secret_gte: 1 } }, 'filter', /Allowed/],
    ['a time that is none', { filter: { createdAt_gte: 'soon' } }, 'filter', /createdAt_gte: must be an ISO 8601 time/],
    ['a filter that is a list', { filter: ['x'] }, 'filter', /must look like/],
    ['a range that is none', { range: [5, 1] }, 'range', /must look like/],
    ['a range below nothing', { range: [-1, 5] }, 'range', /must look like/],
    ['a page too large', { range: [0, 1000] }, 'range', /at most 1000/],
    ['a reference of another kind', { filter: { stripeCustomerIds: [{ x: 1 }] } }, 'filter', /must be text/],
    ['a value of another kind', { filter: { status: { $ne: 1 } } }, 'filter', /status: must be text/],
  ])('%s', async (_what, query, parameter, remedy) => {
    const { body } = await list(query).expect(400);
    expect(body.errors[parameter]).toMatch(remedy);
  });

  it.each(['sort', 'range', 'filter'])('a %s that is not JSON', async (parameter) => {
    const { body } = await viewer.agent.get(`/api/tenants?${parameter}={oops`).expect(400);
    expect(body.errors[parameter]).toMatch(/must be JSON/);
  });

  it('a page of exactly 1000 is fine', async () => {
    await list({ range: [0, 999] }).expect(200);
  });
});

const RESOURCES: [string, object][] = [
  ['users', { tenantId: 'ten_x', status: 'active' }],
  ['memberships', { tenantId: 'ten_x', userId: 'usr_x' }],
  ['plans', { kind: 'free', isDefault: true }],
  ['invitations', { tenantId: 'ten_x', status: 'pending' }],
  ['subscriptions', { tenantId: 'ten_x', customerId: 'cus_x', status: 'active' }],
  ['plan-changes', { tenantId: 'ten_x' }],
  ['overrides', { tenantId: 'ten_x' }],
  ['findings', { tenantId: 'ten_x', customerId: 'cus_x', kind: 'unknown-price', status: 'open' }],
  ['stripe-events', { customerId: 'cus_x', status: 'failed' }],
  ['emails', { tenantId: 'ten_x', kind: 'invitation', status: 'sent' }],
  ['audit-log', { tenantId: 'ten_x', resourceId: 'ten_x' }],
];

describe('an id that none could be', () => {
  it.each(['%C3%A9', '%E4%B8%96', '%00', "'%20OR%201", 'x'.repeat(300)])('is just unknown: %s', async (id) => {
    await viewer.agent.get(`/api/tenants/${id}`).expect(404);
  });

  it('in a body is bad input', async () => {
    const { agent } = await server.signIn('support');
    await agent.post('/api/tenants').send({ name: 'x', basePlanId: '世界' }).expect(400);
    await agent.post('/api/memberships').send({ tenantId: 'ten_é', userId: 'usr_é', role: 'member' }).expect(400);
  });

  it('and is not validly encoded is told so', async () => {
    await viewer.agent.get('/api/tenants/%E4%B8').expect(400);
  });
});

describe.each(RESOURCES)('the list of %s', (resource, filter) => {
  it('is sorted by id, filtered by its fields, and bears its name in Content-Range', async () => {
    const { headers } = await list({ sort: ['id', 'DESC'], filter }, resource).expect(200);
    expect(headers['content-range']).toMatch(new RegExp(`^${resource} \\d+-\\d+/\\d+$`));
  });

  it('is not for those who are not signed in', async () => {
    await server.anonymous().get(`/api/${resource}`).expect(401);
  });

  it('says that an unknown id is unknown', async () => {
    const { body } = await viewer.agent.get(`/api/${resource}/none`).expect(404);
    expect(body.code).toBe('not_found');
  });
});
