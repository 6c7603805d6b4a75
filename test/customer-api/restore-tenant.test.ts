import { systemActor } from '../../server/audit/actor';
import { inTransaction } from '../../server/db/transaction';
import { addMember } from '../../server/memberships/members';
import { DAY } from '../support/clock';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, type Customer, foundedBy } from './people';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];
const restore = ({ agent }: Customer, id: string) => agent.post(`/v1/tenants/${id}/restore`);
const deletedOf = async ({ agent }: Customer) => (await agent.get('/v1/tenants/deleted').expect(200)).body.items;

async function deletedTenant(): Promise<{ owner: Customer; id: string }> {
  const owner = await aCustomer(server);
  const id = await foundedBy(owner, 'Gone');
  await owner.agent.delete(`/v1/tenants/${id}`).expect(204);
  return { owner, id };
}

it('an owner finds a deleted team and brings it back', async () => {
  const { owner, id } = await deletedTenant();
  expect(await deletedOf(owner)).toEqual([
    { id, name: 'Gone', deletedAt: expect.any(String), restorableUntil: expect.any(String) },
  ]);
  const { body } = await restore(owner, id).expect(200);
  expect(body).toMatchObject({ id, name: 'Gone', status: 'active', role: 'owner' });
  await owner.agent.get(`/v1/tenants/${id}`).expect(200);
  expect(await deletedOf(owner)).toEqual([]);
  expect(codeOf(await restore(owner, id))).toEqual([409, 'not_deleted']);
});

it('nobody else does: a member is refused, a stranger learns nothing', async () => {
  const owner = await aCustomer(server);
  const id = await foundedBy(owner, 'Gone');
  const member = await aCustomer(server);
  await inTransaction(server.context.db, (tx) => addMember(tx, systemActor, id, { userId: member.id, role: 'admin' }));
  await owner.agent.delete(`/v1/tenants/${id}`).expect(204);
  expect(codeOf(await restore(member, id))).toEqual([403, 'forbidden']);
  expect(await deletedOf(member)).toEqual([]);
  const stranger = await aCustomer(server);
  expect((await restore(stranger, id)).status).toBe(404);
  expect((await restore(stranger, 'ten_nobody')).status).toBe(404);
});

it('what an operator deleted, an owner does not bring back', async () => {
  const owner = await aCustomer(server);
  const id = await foundedBy(owner, 'Abuse');
  await (await server.signIn('admin')).agent.delete(`/api/tenants/${id}`).expect(200);
  expect(codeOf(await restore(owner, id))).toEqual([409, 'deleted_by_operator']);
});

it('the time for it ends', async () => {
  const { owner, id } = await deletedTenant();
  server.clock.advance(31 * DAY);
  const again = await aCustomer(server, owner.email);
  expect(await deletedOf(again)).toEqual([]);
  expect(codeOf(await restore(again, id))).toEqual([409, 'restore_expired']);
  server.clock.advance(-31 * DAY);
});

it('two at once bring it back once', async () => {
  const { owner, id } = await deletedTenant();
  const statuses = (await Promise.all([restore(owner, id), restore(owner, id)])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 409]);
});
