import { decideDueTenants } from '../../server/billing/decide-due';
import { Tenant } from '../../server/tenants/tenant.entity';
import { aPlan, aTenant } from '../support/factories';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

describe('a plan that changes', () => {
  it('has the tenants on it decided anew, so that its new seat limit holds', async () => {
    const { agent } = await server.signIn('admin');
    const plan = await aPlan(server.context, { kind: 'custom', rank: 30 });
    const tenant = await aTenant(server.context, { basePlanId: plan.id });
    expect(tenant.seatLimit).toBeNull();
    await agent
      .put(`/api/plans/${plan.id}`)
      .send({ limits: { seats: 3 } })
      .expect(200);
    await decideDueTenants(server.context);
    const after = await server.context.db.getRepository(Tenant).findOneByOrFail({ id: tenant.id });
    expect(after).toMatchObject({ seatLimit: 3, planId: plan.id });
  });

  it('leaves the tenants alone when only its words change', async () => {
    const { agent } = await server.signIn('admin');
    const plan = await aPlan(server.context, { kind: 'custom', rank: 31 });
    const tenant = await aTenant(server.context, { basePlanId: plan.id });
    await agent.put(`/api/plans/${plan.id}`).send({ description: 'Other words' }).expect(200);
    const after = await server.context.db.getRepository(Tenant).findOneByOrFail({ id: tenant.id });
    expect(after.nextDecisionAt).toBeNull();
  });
});
