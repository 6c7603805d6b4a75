import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { OperatorRoute } from './operator-api';

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

/** OpenAPI 3.1 of the operator API, from the very schemas that validate. */
export function openApi(publicUrl: string, routes: OperatorRoute[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const { path, method, summary, access, body, response, status = 200 } of routes) {
    const address = `/api${path.replace(/:(\w+)/g, '{$1}')}`;
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
    paths[address] = {
      ...paths[address],
      [method]: {
        summary,
        description: `Needs the permission \`${access}\`.`,
        tags: [path.split('/')[1]!],
        requestParams: {
          ...(names.length > 0 ? { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) } : {}),
          ...(method === 'get' && names.length === 0 ? { query: LIST_PARAMETERS } : {}),
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
