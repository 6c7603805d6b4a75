import type { TenantRole } from '../../domain/permissions';
import { Invitation } from '../../server/invitations/invitation.entity';
import { Membership } from '../../server/memberships/membership.entity';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aMembership, anInvitation } from '../support/factories';
import { startServer, type TestServer } from '../support/server';
import { aCustomer, type Customer, foundedBy, secretOf } from './people';

const ROUNDS = 8;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const rows = <Row extends object>(entity: new () => Row) => server.context.db.getRepository(entity);
const join = async (tenantId: string, role: TenantRole): Promise<Customer> => {
  const customer = await aCustomer(server);
  await aMembership(server.context, { tenantId, userId: customer.id, role });
  return customer;
};
const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status).sort();
const rounds = Array.from({ length: ROUNDS }, (_, n) => n + 1);

it('fifty first calls of a new user make exactly one tenant', async () => {
  const { agent, id } = await aCustomer(server);
  const answers = await Promise.all(Array.from({ length: 50 }, () => agent.get('/v1/me')));
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
  const [tenant] = answers[0]!.body.tenants;
  expect(tenant).toMatchObject({ role: 'owner', planId: 'free', status: 'active' });
  for (const { body } of answers) expect(body.tenants).toEqual([tenant]);
  expect(await rows(Membership).countBy({ userId: id })).toBe(1);
});

it.each(rounds)('two owners who demote each other: one of them stays (%d)', async () => {
  const one = await aCustomer(server);
  const id = await foundedBy(one);
  const two = await join(id, 'owner');
  const demote = (by: Customer, whom: Customer) =>
    by.agent.patch(`/v1/tenants/${id}/members/${whom.id}`).send({ role: 'member' });
  expect(statusesOf(await Promise.all([demote(one, two), demote(two, one)]))).toEqual([200, 403]);
  expect(await rows(Membership).countBy({ tenantId: id, role: 'owner' })).toBe(1);
});

it.each(rounds)('two hand-overs at once: one heir (%d)', async () => {
  const owner = await aCustomer(server);
  const id = await foundedBy(owner);
  const heirs = [await join(id, 'member'), await join(id, 'admin')];
  const handOver = ({ id: userId }: Customer) => owner.agent.post(`/v1/tenants/${id}/ownership`).send({ userId });
  expect(statusesOf(await Promise.all(heirs.map(handOver)))).toEqual([200, 403]);
  const owners = await rows(Membership).findBy({ tenantId: id, role: 'owner' });
  expect(owners).toHaveLength(1);
  expect(heirs.map((heir) => heir.id)).toContain(owners[0]!.userId);
});

it.each(rounds)('a hand-over to somebody who leaves: there is an owner (%d)', async () => {
  const owner = await aCustomer(server);
  const id = await foundedBy(owner);
  const heir = await join(id, 'member');
  await Promise.all([
    owner.agent.post(`/v1/tenants/${id}/ownership`).send({ userId: heir.id }),
    heir.agent.delete(`/v1/tenants/${id}/members/${heir.id}`),
  ]);
  expect(await rows(Membership).countBy({ tenantId: id, role: 'owner' })).toBe(1);
});

it.each(rounds)('accepting while being removed: a member anew, or none, never half of one (%d)', async () => {
  const owner = await aCustomer(server);
  const tenantId = await foundedBy(owner);
  const member = await join(tenantId, 'member');
  const { id, email } = await anInvitation(server.context, { tenantId });
  const token = await secretOf(server, email, 'invitation');
  const [removed, accepted] = await Promise.all([
    owner.agent.delete(`/v1/tenants/${tenantId}/members/${member.id}`),
    member.agent.post('/v1/invitations/accept').send({ token }),
  ]);
  expect(removed.status).toBe(204);
  const invitation = await rows(Invitation).findOneByOrFail({ id });
  const anew = invitation.status === 'accepted';
  expect([accepted.status, anew]).toEqual([200, anew]);
  expect(await rows(Membership).countBy({ tenantId, userId: member.id })).toBe(anew ? 1 : 0);
  const { memberCount } = await rows(Tenant).findOneByOrFail({ id: tenantId });
  expect(memberCount).toBe(await rows(Membership).countBy({ tenantId }));
});
