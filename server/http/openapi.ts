import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Route } from './routes';

const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

const LIST_PARAMETERS = z.object({
  sort: z.string().optional().meta({ description: 'JSON: ["field","ASC"]' }),
  range: z.string().optional().meta({ description: 'JSON: [0,24]' }),
  filter: z
    .string()
    .optional()
    .meta({ description: 'JSON: {"field":value}; q searches, arrays mean any of, _gte and _lte bound' }),
});

/** What the document needs of a route, whoever may call it. */
export type Documented = Pick<
  Route<unknown, string>,
  'method' | 'path' | 'summary' | 'access' | 'body' | 'response' | 'status'
>;

const WHO_MAY: Record<string, string> = { public: 'For anyone: public.', user: 'For any signed-in user.' };

/** OpenAPI 3.1 of the routes under each base (`/api`, `/v1`), from the very schemas that validate. */
export function openApi(publicUrl: string, routesByBase: Record<string, Documented[]>): object {
  const paths: ZodOpenApiPathsObject = {};
  const all = Object.entries(routesByBase).flatMap(([base, routes]) => routes.map((route) => ({ base, ...route })));
  for (const { base, path, method, summary, access, body, response, status = 200 } of all) {
    const address = `${base}${path.replace(/:(\w+)/g, '{$1}')}`;
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
    const listed = base === '/api' && method === 'get' && names.length === 0;
    paths[address] = {
      ...paths[address],
      [method]: {
        summary,
        description: WHO_MAY[access] ?? `Needs the permission \`${access}\`.`,
        tags: [path.split('/')[1]!],
        requestParams: {
          ...(names.length > 0 ? { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) } : {}),
          ...(listed ? { query: LIST_PARAMETERS } : {}),
        },
        ...(body ? { requestBody: { content: { 'application/json': { schema: body } } } } : {}),
        responses: {
          [String(status)]: {
            description: 'Done',
            content: { 'application/json': { schema: response ?? z.looseObject({}) } },
          },
          default: { description: 'Refused', content: { 'application/problem+json': { schema: Problem } } },
        },
      },
    };
  }
  return createDocument({
    openapi: '3.1.1',
    info: { title: 'Tenantry', version: '1' },
    servers: [{ url: publicUrl }],
    paths,
  });
}
