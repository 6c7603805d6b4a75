import { decodeJwt, decodeProtectedHeader } from 'jose';
import { systemActor } from '../../server/audit/actor';
import { AuditEntry } from '../../server/audit/audit.entity';
import { IssuerKey, MachineToken } from '../../server/issuer/issuer.entities';
import { addIssuer, listIssuers, removeIssuer, rotateIssuer } from '../../server/issuer/issuers';
import { makeMachineToken, type NewMachineToken, revokeMachineToken } from '../../server/issuer/machine-token';
import { User } from '../../server/users/user.entity';
import { runCli } from '../support/cli';
import { DAY, MINUTE } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, type Customer, foundedBy } from './people';

let server: TestServer;
let ann: Customer;
let tenantId: string;
beforeAll(async () => {
  server = await startServer();
  ann = await aCustomer(server);
  tenantId = await foundedBy(ann, 'Acme');
});
afterAll(() => server.close());

const make = (given: Partial<NewMachineToken> = {}) =>
  makeMachineToken(server.context, systemActor, {
    name: 'ci',
    issuer: 'portal',
    userId: ann.id,
    expiresAt: new Date(server.context.now().getTime() + DAY),
    ...given,
  });
const bearing = (token: string) => server.anonymous().set('Authorization', `Bearer ${token}`);
const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

describe('a machine token', () => {
  it('acts as its user, and the audit trail tells which token it was', async () => {
    const { token, id } = await make({ name: 'nightly export' });
    const { body } = await bearing(token).get('/v1/me').expect(200);
    expect(body).toMatchObject({ user: { id: ann.id }, tenants: [{ id: tenantId }] });
    await bearing(token).patch(`/v1/tenants/${tenantId}`).send({ name: 'Acme Two' }).expect(200);
    const entry = await server.context.db
      .getRepository(AuditEntry)
      .findOneByOrFail({ tenantId, action: 'tenant.update' });
    expect(entry.actorId).toBe(ann.id);
    const { body: audit } = await (await server.signIn('admin')).agent
      .get('/api/audit-log')
      .query({ filter: JSON.stringify({ tenantId, action: 'tenant.update' }) });
    expect(audit[0].actor.name).toContain('(nightly export)');
    expect((await server.context.db.getRepository(MachineToken).findOneByOrFail({ id })).lastUsedAt).not.toBeNull();
  });

  it('does what its scopes name, and nothing else', async () => {
    const { token } = await make({ scopes: ['members:read'] });
    await bearing(token).get(`/v1/tenants/${tenantId}/members`).expect(200);
    await bearing(token).get('/v1/me').expect(200);
    for (const refused of [
      bearing(token).get(`/v1/tenants/${tenantId}/invitations`),
      bearing(token).patch(`/v1/tenants/${tenantId}`).send({ name: 'No' }),
      bearing(token).delete(`/v1/tenants/${tenantId}`),
      bearing(token).post('/v1/tenants').send({ name: 'No' }),
      bearing(token).patch('/v1/me').send({ name: 'No' }),
    ])
      expect(codeOf(await refused)).toEqual([403, 'insufficient_scope']);
  });

  it('of one tenant sees no other, and changes nothing outside of it', async () => {
    const other = await foundedBy(ann, 'Other');
    const { token } = await make({ tenantId });
    await bearing(token).get(`/v1/tenants/${tenantId}`).expect(200);
    await bearing(token).get(`/v1/tenants/${other}`).expect(404);
    const { body } = await bearing(token).get('/v1/me').expect(200);
    expect(body.tenants.map(({ id }: { id: string }) => id)).toEqual([tenantId]);
    const list = await bearing(token).get('/v1/tenants').expect(200);
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([tenantId]);
    expect(codeOf(await bearing(token).post('/v1/tenants').send({ name: 'No' }))).toEqual([403, 'insufficient_scope']);
  });

  it('never makes a first tenant', async () => {
    const bob = await aCustomer(server);
    const { token } = await make({ userId: bob.id });
    expect((await bearing(token).get('/v1/me').expect(200)).body.tenants).toEqual([]);
  });

  it('can do no more than its user can by then', async () => {
    const { token } = await make();
    const { db } = server.context;
    await db.getRepository(User).update({ id: ann.id }, { status: 'suspended' });
    expect(codeOf(await bearing(token).get('/v1/me'))).toEqual([403, 'user_suspended']);
    await db.getRepository(User).update({ id: ann.id }, { status: 'active' });
    await bearing(token).get('/v1/me').expect(200);
  });

  it('ends when it is revoked, and when its time is over', async () => {
    const [revoked, short] = [await make(), await make({ expiresAt: new Date(Date.now() + MINUTE) })];
    await revokeMachineToken(server.context, systemActor, revoked.id);
    await revokeMachineToken(server.context, systemActor, revoked.id);
    expect(codeOf(await bearing(revoked.token).get('/v1/me'))).toEqual([401, 'unauthenticated']);
    server.clock.advance(2 * MINUTE);
    expect(codeOf(await bearing(short.token).get('/v1/me'))).toEqual([401, 'unauthenticated']);
    server.clock.advance(-2 * MINUTE);
  });

  it('is made only for a member, and its text is kept nowhere', async () => {
    const stranger = await aCustomer(server);
    await expect(make({ userId: stranger.id, tenantId })).rejects.toMatchObject({ problem: { status: 404 } });
    await expect(make({ issuer: 'nowhere' })).rejects.toMatchObject({ problem: { status: 404 } });
    const { token } = await make();
    const rows = await server.context.db.query('SELECT * FROM machine_tokens');
    const audit = await server.context.db.query('SELECT * FROM audit_log');
    expect(JSON.stringify([rows, audit])).not.toContain(token.split('.')[2]);
  });
});

describe('a built-in issuer', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as const)('signs by %s, and publishes its key', async (alg) => {
    const name = `robots-${alg.toLowerCase()}`;
    const { kid } = await addIssuer(server.context, systemActor, name, alg);
    const { token } = await make({ issuer: name });
    expect(decodeProtectedHeader(token)).toMatchObject({ alg, kid });
    await bearing(token).get('/v1/me').expect(200);
    const iss = decodeJwt(token).iss!;
    const { body } = await server
      .anonymous()
      .get(`${new URL(iss).pathname}/.well-known/jwks.json`)
      .expect(200);
    expect(body.keys).toEqual([expect.objectContaining({ kid, alg, use: 'sig' })]);
    expect(JSON.stringify(body)).not.toMatch(/"d"/);
  });

  it('rotates: what the old key signed stays good until it runs out, unless it leaked', async () => {
    const { context } = server;
    await addIssuer(context, systemActor, 'rotated', 'ES256');
    const old = await make({ issuer: 'rotated', expiresAt: new Date(context.now().getTime() + 10 * DAY) });
    const next = await rotateIssuer(context, systemActor, 'rotated');
    const fresh = await make({ issuer: 'rotated' });
    expect(decodeProtectedHeader(fresh.token).kid).toBe(next.kid);
    server.clock.advance(9 * DAY);
    await bearing(old.token).get('/v1/me').expect(200);
    server.clock.advance(-9 * DAY);
    expect((await listIssuers(context)).find(({ name }) => name === 'rotated')).toMatchObject({ retiring: 1 });
    await rotateIssuer(context, systemActor, 'rotated', { atOnce: true });
    await bearing(old.token).get('/v1/me').expect(401);
    await bearing(fresh.token).get('/v1/me').expect(401);
    await bearing((await make({ issuer: 'rotated' })).token)
      .get('/v1/me')
      .expect(200);
  });

  it('rotated while tokens are made leaves each with a key that outlives it', async () => {
    const { context } = server;
    await addIssuer(context, systemActor, 'busy', 'ES256');
    const expiresAt = new Date(context.now().getTime() + 5 * DAY);
    const [made] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, () => make({ issuer: 'busy', expiresAt }))),
      rotateIssuer(context, systemActor, 'busy'),
      rotateIssuer(context, systemActor, 'busy'),
    ]);
    const keys = await context.db.getRepository(IssuerKey).findBy({ issuer: 'busy' });
    expect(keys.filter(({ retiredAt }) => retiredAt === null)).toHaveLength(1);
    for (const { token } of made) {
      const key = keys.find(({ kid }) => kid === decodeProtectedHeader(token).kid)!;
      expect(key.verifiesUntil === null || key.verifiesUntil >= expiresAt).toBe(true);
    }
  });

  it('is removed with its tokens; the portal never is, and names are checked', async () => {
    const { context } = server;
    await addIssuer(context, systemActor, 'gone', 'ES256');
    const { token } = await make({ issuer: 'gone' });
    await removeIssuer(context, systemActor, 'gone');
    await bearing(token).get('/v1/me').expect(401);
    await server.anonymous().get('/issuers/gone/.well-known/jwks.json').expect(404);
    await expect(removeIssuer(context, systemActor, 'portal')).rejects.toMatchObject({ problem: { status: 409 } });
    await expect(removeIssuer(context, systemActor, 'gone')).rejects.toMatchObject({ problem: { status: 404 } });
    await expect(addIssuer(context, systemActor, 'Bad Name', 'ES256')).rejects.toMatchObject({
      problem: { status: 400, errors: { name: expect.any(String) } },
    });
    await addIssuer(context, systemActor, 'twice', 'ES256');
    await expect(addIssuer(context, systemActor, 'twice', 'ES256')).rejects.toMatchObject({ problem: { status: 409 } });
  });
});

describe('npm run issuer, npm run token', () => {
  it('make, list and end issuers and tokens', async () => {
    const { context } = server;
    expect(await runCli(context, 'issuer', 'add', 'cli', '--alg', 'EdDSA')).toMatchObject({ code: 0 });
    const made = await runCli(context, 'token', '--user', ann.id, '--issuer', 'cli', '--scope', 'tenant:read');
    expect(made.code).toBe(0);
    const token = made.out.trim();
    await bearing(token).get(`/v1/tenants/${tenantId}`).expect(200);
    expect((await runCli(context, 'issuer')).told).toContain('EdDSA');
    const listed = await runCli(context, 'token', 'list');
    expect(listed.told).toContain('tenant:read');
    const id = /mtk_\w+/.exec(made.told)![0];
    expect(await runCli(context, 'token', 'revoke', id)).toMatchObject({ code: 0 });
    await bearing(token).get('/v1/me').expect(401);
    expect(await runCli(context, 'issuer', 'rotate', 'cli')).toMatchObject({ code: 0 });
    expect(await runCli(context, 'issuer', 'remove', 'cli')).toMatchObject({ code: 0 });
  }, 60_000);

  it.each([
    ['token', ['--user', 'usr_nobody'], 'There is no user'],
    ['token', [], 'Name the user'],
    ['token', ['--user', 'usr_x', '--scope', 'everything'], 'no scope'],
    ['token', ['--user', 'usr_x', '--days', '9999'], 'at most'],
    ['issuer', ['add'], 'Name the issuer'],
    ['issuer', ['melt', 'x'], 'There is no "melt"'],
    ['issuer', ['remove', 'portal'], "can't be removed"],
  ])('%s %j says what is wrong, with 1', async (command, args, why) => {
    const { code, told } = await runCli(server.context, command as string, ...(args as string[]));
    expect(code).toBe(1);
    expect(told).toContain(why);
  });
});
