import { customerApiRoutes } from '../../server/customer-api';
import { operatorApiRoutes } from '../../server/operator-api';
import { startServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Operation {
  summary: string;
  description: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: { properties?: object } }> };
  responses: Record<string, { content?: Record<string, object> }>;
}

const document = async (): Promise<
  { openapi: string; paths: Record<string, Record<string, Operation>> } & Record<string, unknown>
> => (await server.anonymous().get('/api/openapi.json').expect(200)).body;

describe('the OpenAPI document', () => {
  it('is of version 3.1 and for anyone to read', async () => {
    expect(await document()).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\./),
      info: { title: 'Tenantry', version: expect.any(String) },
      servers: [{ url: 'http://localhost:4380' }],
      components: { schemas: { Problem: { type: 'object' } } },
    });
  });

  it('names each route of the operator API, with its permission, parameters and answers', async () => {
    const { paths } = await document();
    for (const { method, path, access, summary, status = 200 } of operatorApiRoutes(server.context, server.redis)) {
      const operation = paths[`/api${path.replace(/:(\w+)/g, '{$1}')}`]?.[method];
      expect(operation).toMatchObject({ summary, description: expect.stringContaining(access) });
      const inPath = (operation?.parameters ?? []).filter((one) => one.in === 'path');
      expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
      expect(inPath.every(({ required }) => required)).toBe(true);
      expect(Object.keys(operation?.responses ?? {}).sort()).toEqual([String(status), 'default']);
    }
  });

  it('names each route of the customer API, too', async () => {
    const { paths } = await document();
    for (const { method, path, access } of Object.values(customerApiRoutes(server.context, server.redis)).flat()) {
      const operation = paths[`/v1${path.replace(/:(\w+)/g, '{$1}')}`]?.[method];
      expect(operation?.description).toContain(access);
    }
  });

  it('shows the fields that a body takes, from the schema that validates it', async () => {
    const { paths } = await document();
    const body = paths['/api/tenants']?.post?.requestBody?.content['application/json']?.schema;
    expect(Object.keys(body?.properties ?? {})).toEqual(['name', 'basePlanId']);
  });

  it('points nowhere that it does not define', async () => {
    const whole = await document();
    const pointers = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) => pointer!);
    expect(pointers.length).toBeGreaterThan(0);
    for (const pointer of new Set(pointers)) {
      const target = pointer.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], whole);
      expect(target).toBeDefined();
    }
  });
});

describe('each address of the operator API', () => {
  it('answers a stranger with 401, whatever its method', async () => {
    for (const { method, path } of operatorApiRoutes(server.context, server.redis)) {
      const { status, body } = await server.anonymous()[method](`/api${path.replace(/:\w+/g, 'none')}`);
      expect([method, path, status, body.code]).toEqual([method, path, 401, 'unauthenticated']);
    }
  });

  it('that is not there says so, with a request id', async () => {
    const { status, body, headers } = await server.anonymous().get('/api/nothing-here');
    expect([status, body.code]).toEqual([404, 'not_found']);
    expect(body.requestId).toBe(headers['x-request-id']);
  });
});

describe('health', () => {
  it('is told to anyone: alive, and ready while database and Redis answer', async () => {
    await server.anonymous().get('/healthz').expect(200, { status: 'ok' });
    await server.anonymous().get('/readyz').expect(200, { status: 'ok', database: 'ok', redis: 'ok' });
  });

  it('is measured for Prometheus', async () => {
    const { text } = await server.anonymous().get('/metrics').expect(200);
    expect(text).toMatch(/^process_cpu_seconds_total/m);
  });

  it('is measured for those with the token alone, where one is set', async () => {
    const guarded = await startServer({ METRICS_TOKEN: 'let me see' });
    await guarded.anonymous().get('/metrics').expect(401);
    await guarded.anonymous().get('/metrics').set('Authorization', 'Bearer let me see').expect(200);
    await guarded.close();
  });
});
