import { Not } from 'typeorm';
import { systemActor } from '../../server/audit/actor';
import { AuditPersonal } from '../../server/audit/audit.entity';
import { ensureFirstOperator } from '../../server/operators/create-operator';
import { Operator } from '../../server/operators/operator.entity';
import { PASSWORD, type SignedIn, startServer, type TestServer } from '../support/server';

let server: TestServer;
let admin: SignedIn;
beforeAll(async () => {
  server = await startServer();
  admin = await server.signIn('admin');
});
afterAll(() => server.close());

/** Takes every other admin out, so that `admin` is the last. */
const others = () => server.context.db.getRepository(Operator).update({ id: Not(admin.id) }, { status: 'suspended' });

let made = 0;
const newOperator = () => {
  made += 1;
  return { email: `New-${made}@Example.com`, name: 'New', role: 'viewer', password: PASSWORD };
};

describe('the last active admin', () => {
  it.each<[string, (id: string) => { put?: object }]>([
    ['made viewer', () => ({ put: { role: 'viewer' } })],
    ['suspended', () => ({ put: { status: 'suspended' } })],
    ['removed', () => ({})],
  ])('is not %s', async (_what, change) => {
    await server.signIn('admin');
    await others();
    const { put } = change(admin.id);
    const path = `/api/operators/${admin.id}`;
    const { status, body } = await (put ? admin.agent.put(path).send(put) : admin.agent.delete(path));
    expect([status, body.code]).toEqual([409, 'last_admin']);
    const row = await server.context.db.getRepository(Operator).findOneByOrFail({ id: admin.id });
    expect(row).toMatchObject({ role: 'admin', status: 'active' });
  });

  it('stays even when two admins step down at once', async () => {
    await others();
    const other = await server.signIn('admin');
    const answers = await Promise.all(
      [admin, other].map(({ id, agent }) => agent.put(`/api/operators/${id}`).send({ role: 'viewer' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await server.context.db.getRepository(Operator).countBy({ role: 'admin', status: 'active' })).toBe(1);
    admin = await server.signIn('admin');
  });
});

describe('operators', () => {
  it('are the business of admins alone', async () => {
    for (const role of ['support', 'viewer'] as const) {
      const { agent, id } = await server.signIn(role);
      await agent.get('/api/operators').expect(403);
      await agent.get(`/api/operators/${id}`).expect(403);
      await agent.post('/api/operators').send(newOperator()).expect(403);
      await agent.put(`/api/operators/${id}`).send({ role: 'admin' }).expect(403);
      await agent.delete(`/api/operators/${id}`).expect(403);
      await agent.post(`/api/operators/${id}/sign-out`).send({}).expect(403);
    }
    await server.anonymous().get('/api/operators').expect(401);
  });

  it('are added without their password coming back, and can sign in', async () => {
    const given = newOperator();
    const { body } = await admin.agent.post('/api/operators').send(given).expect(201);
    expect(body).toMatchObject({ email: given.email, role: 'viewer', status: 'active' });
    expect(JSON.stringify(body)).not.toMatch(/argon2|password/i);
    const hash = (await server.context.db.getRepository(Operator).findOneByOrFail({ id: body.id })).passwordHash;
    expect(hash).toMatch(/^\$argon2id\$/);
    await server
      .anonymous()
      .post('/api/session')
      .send({ email: given.email.toLowerCase(), password: PASSWORD })
      .expect(200);
  });

  it('are told apart by their address, whatever its case', async () => {
    const given = newOperator();
    await admin.agent.post('/api/operators').send(given).expect(201);
    const same = { ...given, email: given.email.toUpperCase() };
    const { body } = await admin.agent.post('/api/operators').send(same).expect(409);
    expect(body).toMatchObject({ code: 'email_taken', errors: { email: expect.any(String) } });
  });

  it.each<[string, object, string]>([
    ['a short password', { password: 'short' }, 'password'],
    ['an unknown role', { role: 'king' }, 'role'],
    ['an address that is none', { email: 'me' }, 'email'],
    ['no name', { name: ' ' }, 'name'],
  ])('with %s are refused, and the field named', async (_what, given, field) => {
    const { body } = await admin.agent
      .post('/api/operators')
      .send({ ...newOperator(), ...given })
      .expect(400);
    expect(Object.keys(body.errors)).toEqual([field]);
  });

  it('are signed out by a suspension and by a new password', async () => {
    const one = await server.signIn('viewer');
    await admin.agent.put(`/api/operators/${one.id}`).send({ status: 'suspended' }).expect(200);
    await one.agent.get('/api/session').expect(401);
    const two = await server.signIn('viewer');
    await admin.agent.put(`/api/operators/${two.id}`).send({ password: 'another long password' }).expect(200);
    await two.agent.get('/api/session').expect(401);
    const anew = { email: two.email, password: 'another long password' };
    await server.anonymous().post('/api/session').send(anew).expect(200);
    const personal = await server.context.db.getRepository(AuditPersonal).find();
    expect(JSON.stringify(personal)).not.toContain('another long password');
  });

  it('of a version that somebody else changed are not changed again', async () => {
    const { id } = await server.signIn('viewer');
    const { version } = (await admin.agent.get(`/api/operators/${id}`)).body;
    await admin.agent.put(`/api/operators/${id}`).send({ name: 'First', version }).expect(200);
    const { body } = await admin.agent.put(`/api/operators/${id}`).send({ name: 'Second', version }).expect(409);
    expect(body).toMatchObject({ code: 'stale_version', current: { name: 'First' } });
  });

  it('that are removed are gone, with their sessions', async () => {
    const one = await server.signIn('support');
    await admin.agent.delete(`/api/operators/${one.id}`).expect(200);
    await one.agent.get('/api/session').expect(401);
    await admin.agent.get(`/api/operators/${one.id}`).expect(404);
  });
});

describe('the first operator of the settings', () => {
  it('is made once, as an admin', async () => {
    const first = { email: 'first@example.com', password: PASSWORD };
    const outcomes = [];
    for (let n = 0; n < 2; n += 1) outcomes.push(await ensureFirstOperator(server.context.db, systemActor, first));
    expect(outcomes).toEqual([true, false]);
    const { body } = await server.anonymous().post('/api/session').send(first).expect(200);
    expect(body.role).toBe('admin');
  });
});
