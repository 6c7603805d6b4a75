import { AuditEntry } from '../../server/audit/audit.entity';
import { UserSession } from '../../server/issuer/issuer.entities';
import { Identity } from '../../server/users/identity.entity';
import { User } from '../../server/users/user.entity';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, anEmail, type Customer, foundedBy } from './people';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const identitiesOf = async ({ agent }: Customer) =>
  (await agent.get('/v1/me?noTenantProvisioning').expect(200)).body.identities as { id: string; subject: string }[];
const link = ({ agent }: Customer, other: Customer) => agent.post('/v1/me/identities').send({ token: other.token });

describe('identities of a user', () => {
  it('are tied together by proof of both, and both lead to the same user', async () => {
    const [ann, second] = [await aCustomer(server), await aCustomer(server)];
    const tenantId = await foundedBy(ann);
    const { body } = await link(ann, second).expect(200);
    expect(body.identities).toHaveLength(2);
    const { body: me } = await second.agent.get('/v1/me').expect(200);
    expect(me).toMatchObject({ user: { id: ann.id }, tenants: [{ id: tenantId }] });
    await link(ann, second).expect(200);
    const audits = await server.context.db
      .getRepository(AuditEntry)
      .countBy({ action: 'user.link-identity', resourceId: ann.id });
    expect(audits).toBe(1);
  });

  it('never join two users who both are in tenants', async () => {
    const [ann, bob] = [await aCustomer(server), await aCustomer(server)];
    await foundedBy(ann);
    await foundedBy(bob);
    expect(codeOf(await link(ann, bob))).toEqual([409, 'identity_in_use']);
    expect(await identitiesOf(ann)).toHaveLength(1);
  });

  it("are not taken over by a token that is bad, a program's, or of somebody suspended", async () => {
    const [ann, bob] = [await aCustomer(server), await aCustomer(server)];
    const { status, body } = await ann.agent.post('/v1/me/identities').send({ token: 'nonsense' });
    expect([status, Object.keys(body.errors)]).toEqual([400, ['token']]);
    await server.context.db.getRepository(User).update({ id: bob.id }, { status: 'suspended' });
    expect(codeOf(await link(ann, bob))).toEqual([403, 'user_suspended']);
  });

  it('claimed by two at once go to one of them', async () => {
    const [ann, bob, third] = [await aCustomer(server), await aCustomer(server), await aCustomer(server)];
    const answers = await Promise.all([link(ann, third), link(bob, third), link(ann, third), link(bob, third)]);
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const { userId } = await server.context.db
      .getRepository(Identity)
      .findOneByOrFail({ subject: (await identitiesOf(third)).at(-1)!.subject });
    expect([ann.id, bob.id]).toContain(userId);
  });

  it('can be untied, but for the last one, and with it end its sessions', async () => {
    const [ann, second] = [await aCustomer(server), await aCustomer(server)];
    await link(ann, second).expect(200);
    const [first, added] = await identitiesOf(ann);
    await ann.agent.delete(`/v1/me/identities/${added!.id}`).expect(200);
    expect(await server.context.db.getRepository(UserSession).countBy({ identityId: added!.id })).toBe(0);
    expect(codeOf(await ann.agent.delete(`/v1/me/identities/${first!.id}`))).toEqual([409, 'last_identity']);
    await ann.agent.delete(`/v1/me/identities/${added!.id}`).expect(404);
    const { body } = await second.agent.get('/v1/me?noTenantProvisioning').expect(200);
    expect(body.user.id).not.toBe(ann.id);
  });
});

describe('sessions of a user', () => {
  it('are told apart by their browser, and end all together', async () => {
    const email = anEmail();
    const ann = await aCustomer(server, email);
    await aCustomer(server, email);
    const { body } = await ann.agent.get('/v1/me/sessions').expect(200);
    expect(body.items).toHaveLength(2);
    expect(JSON.stringify(body)).not.toContain(
      (await server.context.db.getRepository(UserSession).findOneByOrFail({ userId: ann.id })).tokenHash,
    );
    await ann.agent.delete('/v1/me/sessions').expect(204);
    await ann.agent.post('/auth/refresh').expect(401);
    expect((await ann.agent.get('/v1/me/sessions').expect(200)).body.items).toEqual([]);
  });
});

it('a user changes the own name, and nothing else', async () => {
  const ann = await aCustomer(server);
  const { body } = await ann.agent.patch('/v1/me').send({ name: ' Ann ', email: 'boss@example.com', status: 'x' });
  expect(body).toEqual({ id: ann.id, name: 'Ann', email: ann.email });
  expect((await ann.agent.get('/v1/me?noTenantProvisioning')).body.user).toEqual(body);
  await ann.agent
    .patch('/v1/me')
    .send({ name: 'x'.repeat(121) })
    .expect(400);
});
