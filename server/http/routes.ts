import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { invalid, notFound } from '../errors';
import { isWord } from './simple-rest';

/** What a handler gets: `body` is the parsed one, `caller` is whoever `authenticate` let in. */
export interface Call<Caller, Body> {
  caller: Caller;
  body: Body;
  params: Record<string, string>;
  query: Record<string, string | undefined>;
  req: Request;
  res: Response;
}

/**
 * One address. `access` names who may: there is no default, and "public" is a word that one types.
 * The handler's answer is sent as JSON with `status` (200), or 204 where it answers undefined.
 */
export interface Route<Caller, Access extends string, Body = unknown> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  access: Access;
  summary: string;
  body?: z.ZodType<Body>;
  response?: z.ZodType;
  status?: number;
  handle: (call: Call<Caller, Body>) => Promise<unknown>;
}

/** Ties the body's type to its schema; the result stands in a list of routes of any body. */
export type RouteMaker<Caller, Access extends string> = <Body>(
  route: Route<Caller, Access, Body>,
) => Route<Caller, Access>;

export const routeMaker = <Caller, Access extends string>(): RouteMaker<Caller, Access> => {
  return <Body>(route: Route<Caller, Access, Body>) => route as unknown as Route<Caller, Access>;
};

const MESSAGES: Record<string, string> = { undefined: 'is required.', null: 'must not be empty.' };

/** Parses `input`, or throws the 400 that names every field with its fault. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input ?? {}, {
    error: (issue) => (issue.code === 'invalid_type' ? MESSAGES[String(issue.input)] : undefined),
  });
  if (result.success) return result.data;
  const errors: Record<string, string> = {};
  for (const { path, message } of result.error.issues) errors[path.join('.') || 'body'] ??= message;
  throw invalid(errors);
}

/** Makes an Express router of the routes; `authenticate` is asked first, with the route's access. */
export function routerOf<Caller, Access extends string>(
  routes: Route<Caller, Access>[],
  authenticate: (req: Request, access: Access) => Promise<Caller>,
): Router {
  const router = Router();
  for (const route of routes) {
    router[route.method](route.path, async (req, res) => {
      const odd = Object.values(req.params).find((param) => !isWord(param));
      if (odd !== undefined) throw notFound('record', String(odd));
      const caller = await authenticate(req, route.access);
      const body = route.body ? parse(route.body, req.body) : undefined;
      const params = req.params as Record<string, string>;
      const query = req.query as Record<string, string | undefined>;
      const answer = await route.handle({ caller, body, params, query, req, res });
      if (res.headersSent) return;
      if (answer === undefined) res.status(route.status ?? 204).end();
      else res.status(route.status ?? 200).json(answer);
    });
  }
  return router;
}
