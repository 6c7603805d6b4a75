import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Scope, TenantRole } from '../../domain/permissions';
import { systemActor } from '../../server/audit/actor';
import { customerApiRoutes } from '../../server/customer-api';
import { inTransaction } from '../../server/db/transaction';
import { signAccessToken } from '../../server/issuer/access-token';
import { makeMachineToken } from '../../server/issuer/machine-token';
import { SigningKeys } from '../../server/issuer/signing-key';
import { addMember } from '../../server/memberships/members';
import { Tenant } from '../../server/tenants/tenant.entity';
import { User } from '../../server/users/user.entity';
import { DAY } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, anEmail, type Customer, foundedBy, secretOf } from './people';

/**
 * What each address answers to whom. `ok` is what whoever may gets; a member, an admin and an owner who may not get 403.
 * Statuses of 409 stand where the request is let in and finds nothing to do in a tenant that never paid.
 */
interface Row {
  route: string;
  may: TenantRole[];
  ok: number;
  /** What a program's token needs besides the scope of the address. */
  also?: Scope;
  body?: (world: World) => object | Promise<object>;
}

interface World {
  tenantId: string;
  owner: Customer;
  admin: Customer;
  member: Customer;
  /** A member whom the calls are about. */
  other: Customer;
  invitationId: string;
}

const ALL: TenantRole[] = ['owner', 'admin', 'member'];
const MANAGERS: TenantRole[] = ['owner', 'admin'];
const OWNER: TenantRole[] = ['owner'];

const IN_TENANT: Row[] = [
  { route: 'get /tenants/:id', may: ALL, ok: 200 },
  { route: 'patch /tenants/:id', may: MANAGERS, ok: 200, body: () => ({ name: 'Renamed' }) },
  { route: 'delete /tenants/:id', may: OWNER, ok: 204 },
  { route: 'get /tenants/:id/members', may: ALL, ok: 200 },
  { route: 'patch /tenants/:id/members/:userId', may: MANAGERS, ok: 200, body: () => ({ role: 'admin' }) },
  { route: 'post /tenants/:id/ownership', may: OWNER, ok: 200, body: ({ other }) => ({ userId: other.id }) },
  { route: 'delete /tenants/:id/members/:userId', may: MANAGERS, ok: 204, also: 'members:remove' },
  { route: 'get /tenants/:id/invitations', may: MANAGERS, ok: 200 },
  {
    route: 'post /tenants/:id/invitations',
    may: MANAGERS,
    ok: 201,
    body: () => ({ email: anEmail(), role: 'member' }),
  },
  { route: 'post /tenants/:id/invitations/:inv/resend', may: MANAGERS, ok: 200 },
  { route: 'delete /tenants/:id/invitations/:inv', may: MANAGERS, ok: 200 },
  { route: 'get /tenants/:id/plan', may: ALL, ok: 200 },
  { route: 'post /tenants/:id/plan', may: OWNER, ok: 200, body: () => ({ planId: 'free' }) },
  { route: 'post /tenants/:id/plan/preview', may: OWNER, ok: 200, body: () => ({ planId: 'free' }) },
  { route: 'delete /tenants/:id/plan/cancellation', may: OWNER, ok: 409 },
  { route: 'post /tenants/:id/billing-portal', may: OWNER, ok: 409 },
  { route: 'get /tenants/:id/invoices', may: OWNER, ok: 200 },
  { route: 'get /tenants/:id/entitlements', may: ALL, ok: 200 },
];

const OUTSIDE: Omit<Row, 'may'>[] = [
  { route: 'get /me', ok: 200 },
  { route: 'patch /me', ok: 200, body: () => ({ name: 'Ann' }) },
  { route: 'post /me/identities', ok: 400, body: () => ({ token: 'of nobody' }) },
  { route: 'delete /me/identities/:identity', ok: 404 },
  { route: 'get /me/sessions', ok: 200 },
  { route: 'delete /me/sessions', ok: 204 },
  { route: 'get /tenants', ok: 200 },
  { route: 'post /tenants', ok: 201, body: () => ({ name: 'Another' }) },
  { route: 'get /tenants/deleted', ok: 200 },
  { route: 'post /tenants/:tenant/restore', ok: 404 },
  { route: 'get /plans', ok: 200 },
  { route: 'post /invitations/accept', ok: 404, body: () => ({ token: 'of nothing' }) },
  { route: 'post /contact', ok: 201, body: () => ({ subject: 'Hello', message: 'A question.' }) },
];

/** Nobody needs to sign in for these. */
const PUBLIC = ['post /invitations/preview'];

let server: TestServer;
let keys: SigningKeys;
let standing: World;
beforeAll(async () => {
  server = await startServer();
  keys = new SigningKeys(server.context);
  standing = await aWorld();
});
afterAll(() => server.close());

async function aWorld(): Promise<World> {
  const [owner, admin, member, other] = (await Promise.all(Array.from({ length: 4 }, () => aCustomer(server)))) as [
    Customer,
    Customer,
    Customer,
    Customer,
  ];
  const tenantId = await foundedBy(owner, `Team ${randomBytes(3).toString('hex')}`);
  for (const [who, role] of [
    [admin, 'admin'],
    [member, 'member'],
    [other, 'member'],
  ] as const)
    await inTransaction(server.context.db, (tx) => addMember(tx, systemActor, tenantId, { userId: who.id, role }));
  const { body } = await owner.agent
    .post(`/v1/tenants/${tenantId}/invitations`)
    .send({ email: anEmail(), role: 'member' })
    .expect(201);
  return { tenantId, owner, admin, member, other, invitationId: body.id };
}

async function call(token: string | null, { route, body }: Pick<Row, 'route' | 'body'>, world: World) {
  const [method, path] = route.split(' ') as ['get' | 'post' | 'patch' | 'delete', string];
  const address = path
    .replace(':id', world.tenantId)
    .replace(':userId', world.other.id)
    .replace(':inv', world.invitationId)
    .replace(':identity', 'idn_nobody')
    .replace(':tenant', 'ten_nobody');
  const asked = server.anonymous()[method](`/v1${address}`);
  if (token !== null) asked.set('Authorization', `Bearer ${token}`);
  return method === 'get' ? asked : asked.send((await body?.(world)) ?? {});
}

/** What stands in the tables that a call might write to; when somebody was seen last is no change. */
async function rows(): Promise<string> {
  const { db } = server.context;
  const tables = ['tenants', 'memberships', 'invitations', 'invitation_tokens', 'emails', 'outbox', 'audit_log'];
  const others = ['identities', 'user_sessions', 'contact_requests', 'checkouts', 'plan_changes', 'idempotency_keys'];
  const sums = await Promise.all([...tables, ...others].map((name) => db.query(`CHECKSUM TABLE ${name}`)));
  const users = await db.query('SELECT COUNT(*), SUM(CRC32(CONCAT_WS(0, id, name, email, status))) FROM users');
  return JSON.stringify([sums, users]);
}

const machine = async (userId: string, scopes: Scope[] | null, tenantId: string | null = null) =>
  (
    await makeMachineToken(server.context, systemActor, {
      name: 'table',
      issuer: 'portal',
      userId,
      tenantId,
      scopes,
      expiresAt: new Date(server.context.now().getTime() + DAY),
    })
  ).token;

/** Tokens that are good for nothing, of somebody who may do everything. */
async function badTokens(): Promise<[string, string | null][]> {
  const { config, now } = server.context;
  const subject = `email:${randomBytes(8).toString('hex')}`;
  const { kid, alg, key } = await keys.active();
  const seconds = Math.floor(now().getTime() / 1000);
  const signed = (given: { iss?: string; aud?: string; exp?: number; nbf?: number }, by = key) =>
    new SignJWT({
      sub: subject,
      iss: config.publicUrl,
      aud: 'tenantry',
      exp: seconds + 300,
      ...given,
    })
      .setProtectedHeader({ alg, kid })
      .sign(by);
  const foreign = await generateKeyPair('ES256', { extractable: true });
  expect((await exportJWK(foreign.publicKey)).kty).toBe('EC');
  return [
    ['no token', null],
    ['expired', await signed({ exp: seconds - 60 })],
    ['not yet good', await signed({ nbf: seconds + 600 })],
    ['wrong audience', await signed({ aud: 'somebody-else' })],
    ['wrong issuer', await signed({ iss: 'https://evil.example.com' })],
    ['an issuer of ours that is not there', await signed({ iss: `${config.publicUrl}/issuers/nowhere` })],
    ['signed by another key', await signed({}, foreign.privateKey)],
  ];
}

it('has a line for every address of /v1', () => {
  const { open, user, tenant } = customerApiRoutes(server.context, server.redis);
  const named = (routes: { method: string; path: string }[]) => routes.map(({ method, path }) => `${method} ${path}`);
  expect(named(open).sort()).toEqual([...PUBLIC].sort());
  expect(named(user).sort()).toEqual(OUTSIDE.map(({ route }) => route).sort());
  expect(named(tenant).sort()).toEqual(IN_TENANT.map(({ route }) => route).sort());
});

describe.each(IN_TENANT)('$route', (row) => {
  const access = () =>
    customerApiRoutes(server.context, server.redis).tenant.find(
      ({ method, path }) => `${method} ${path}` === row.route,
    )!.access;
  const reads = row.route.startsWith('get');
  const refused = async (token: string | null, status: number, world = standing, code?: string) => {
    const before = await rows();
    const answer = await call(token, row, world);
    expect([answer.status, ...(code ? [answer.body.code] : [])]).toEqual([status, ...(code ? [code] : [])]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(await rows()).toBe(before);
  };

  it('is 401 without a good token', async () => {
    for (const [, token] of await badTokens()) await refused(token, 401);
  });

  it('is 404 for a member of another tenant', async () => {
    const stranger = await aCustomer(server);
    await foundedBy(stranger);
    await refused(stranger.token, 404);
  });

  it.each(ALL)('is right for a %s', async (role) => {
    const may = row.may.includes(role);
    const world = may ? await aWorld() : standing;
    if (!may) return refused(world[role].token, 403);
    expect((await call(world[role].token, row, world)).status).toBe(row.ok);
  });

  it('is 403 for a suspended user', async () => {
    const world = await aWorld();
    await server.context.db.getRepository(User).update({ id: world.owner.id }, { status: 'suspended' });
    await refused(world.owner.token, 403, world, 'user_suspended');
  });

  it('can be read in a suspended tenant, and not written', async () => {
    const world = await aWorld();
    await server.context.db.getRepository(Tenant).update({ id: world.tenantId }, { status: 'suspended' });
    if (reads) expect((await call(world.owner.token, row, world)).status).toBe(row.ok);
    else await refused(world.owner.token, 403, world, 'tenant_suspended');
  });

  it('is 404 in a deleted tenant', async () => {
    const world = await aWorld();
    await world.owner.agent.delete(`/v1/tenants/${world.tenantId}`).expect(204);
    await refused(world.owner.token, 404, world);
  });

  it('is for machine tokens with its scope, in their tenant', async () => {
    const { owner } = standing;
    const elsewhere = await foundedBy(owner, 'Elsewhere');
    await refused(await machine(owner.id, ['user:write']), 403, standing, 'insufficient_scope');
    await refused(await machine(owner.id, [access()], elsewhere), 404);
    const world = await aWorld();
    if (row.also) await refused(await machine(world.owner.id, [access()]), 403, world, 'insufficient_scope');
    const scopes = [access(), ...(row.also ? [row.also] : [])];
    const token = await machine(world.owner.id, scopes, world.tenantId);
    expect((await call(token, row, world)).status).toBe(row.ok);
  });
});

describe.each(OUTSIDE)('$route', (row) => {
  const reads = row.route.startsWith('get');
  const refused = async (token: string | null, status: number, code?: string) => {
    const before = await rows();
    const answer = await call(token, row, standing);
    expect([answer.status, ...(code ? [answer.body.code] : [])]).toEqual([status, ...(code ? [code] : [])]);
    expect(await rows()).toBe(before);
  };

  it('is 401 without a good token, and 403 for a suspended user', async () => {
    for (const [, token] of await badTokens()) await refused(token, 401);
    const suspended = await aCustomer(server);
    await server.context.db.getRepository(User).update({ id: suspended.id }, { status: 'suspended' });
    await refused(suspended.token, 403, 'user_suspended');
  });

  it('is for any user', async () => {
    expect((await call((await aCustomer(server)).token, row, standing)).status).toBe(row.ok);
  });

  it('is for machine tokens to look at, and to change with user:write and no tenant', async () => {
    const world = await aWorld();
    const bounded = await machine(world.owner.id, ['tenant:read']);
    const ofOne = await machine(world.owner.id, ['user:write'], world.tenantId);
    if (reads) for (const token of [bounded, ofOne]) expect((await call(token, row, world)).status).toBe(row.ok);
    else for (const token of [bounded, ofOne]) await refused(token, 403, 'insufficient_scope');
    expect((await call(await machine(world.owner.id, ['user:write']), row, world)).status).toBe(row.ok);
  });
});

it('post /invitations/preview needs the token of an invitation alone', async () => {
  const { owner, tenantId } = await aWorld();
  const email = anEmail();
  await owner.agent.post(`/v1/tenants/${tenantId}/invitations`).send({ email, role: 'member' }).expect(201);
  const token = await secretOf(server, email, 'invitation');
  await server.anonymous().post('/v1/invitations/preview').send({ token }).expect(200);
  await server.anonymous().post('/v1/invitations/preview').send({ token: 'of nothing' }).expect(404);
});

it('a token signed by us for somebody nobody knows yet makes its user, and nothing else', async () => {
  const subject = `email:${randomBytes(8).toString('hex')}`;
  const { accessToken } = await signAccessToken(server.context, keys, { subject, email: null });
  const { status, body } = await server
    .anonymous()
    .get('/v1/me?noTenantProvisioning')
    .set('Authorization', `Bearer ${accessToken}`);
  expect([status, body.tenants]).toEqual([200, []]);
});
