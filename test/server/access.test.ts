import { can, OPERATOR_ROLES, type OperatorRole } from '../../domain/permissions';
import { AuditEntry } from '../../server/audit/audit.entity';
import type { OperatorRoute } from '../../server/http/operator-api';
import { operatorApiRoutes } from '../../server/operator-api';
import { type Agent, startServer, type TestServer } from '../support/server';

let server: TestServer;
let routes: OperatorRoute[];
const agents = new Map<OperatorRole, Agent>();

beforeAll(async () => {
  server = await startServer();
  routes = operatorApiRoutes(server.context, server.redis);
  for (const role of OPERATOR_ROLES) agents.set(role, (await server.signIn(role)).agent);
});
afterAll(() => server.close());

const ask = (agent: Agent, { method, path }: OperatorRoute) => {
  const address = `/api${path.replace(/:\w+/g, 'nothing')}`;
  return method === 'get' ? agent.get(address) : agent[method](address).send({});
};
const entries = () => server.context.db.getRepository(AuditEntry).count();

/** Asks every route of `asked`, one after the other; gives what was not answered as `expected`. */
async function unlike(agent: Agent, asked: OperatorRoute[], expected: { status: number; code: string }) {
  const odd: string[] = [];
  for (const route of asked) {
    const { status, body } = await ask(agent, route);
    if (status !== expected.status || body.code !== expected.code)
      odd.push(`${route.method} ${route.path}: ${status} ${body.code}`);
  }
  return odd;
}

describe('the operator API', () => {
  it('answers nobody who is not signed in, at any of its addresses', async () => {
    const before = await entries();
    expect(routes.length).toBeGreaterThan(60);
    expect(await unlike(server.anonymous(), routes, { status: 401, code: 'unauthenticated' })).toEqual([]);
    expect(await entries()).toBe(before);
  });

  it.each(['support', 'viewer'] as const)('refuses %s every address whose right the role lacks', async (role) => {
    const before = await entries();
    const barred = routes.filter(({ access }) => !can(role, access));
    expect(barred.length).toBeGreaterThan(10);
    expect(await unlike(agents.get(role)!, barred, { status: 403, code: 'forbidden' })).toEqual([]);
    expect(await entries()).toBe(before);
  });

  it('lets nobody but admins change anything that moves money or plans', () => {
    const moves =
      /^(plans|overrides):(create|update|delete|end|extend)|^tenants:(delete|restore|link-|buy-|change-|cancel-|resume-|extend-)|:apply$|:repair-billing$/;
    const open = routes.filter(({ access }) => moves.test(access) && (can('support', access) || can('viewer', access)));
    expect(open.map(({ access }) => access)).toEqual([]);
  });

  it('lets viewers read and nothing else', () => {
    const writing = routes.filter(({ method, access }) => method !== 'get' && can('viewer', access));
    expect(writing.map(({ path }) => path)).toEqual([]);
  });
});
