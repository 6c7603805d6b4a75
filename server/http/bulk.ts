import { z } from 'zod';
import type { Permission, ResourceName } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { ProblemError } from '../errors';
import { type OperatorRoute, operatorRoute } from './operator-api';
import { MAX_PAGE } from './simple-rest';

const Ids = z.object({
  ids: z
    .array(z.string('must be ids.').min(1), 'must be a list of ids.')
    .min(1, 'Choose at least one.')
    .max(MAX_PAGE, `At most ${MAX_PAGE} at once.`),
});
const Results = z.object({
  results: z.array(z.object({ id: z.string(), ok: z.boolean(), error: z.string().optional() })),
});

export interface BulkVerb<Shape extends z.ZodRawShape> {
  resource: ResourceName;
  verb: string;
  access: Permission;
  summary: string;
  /** What the body holds beside `ids`, the same for all of them. */
  fields?: Shape;
  /** Does it to one, in a transaction of its own. Throws ProblemError where it can't be done to this one. */
  run: (id: string, actor: Actor, body: z.output<z.ZodObject<Shape>>) => Promise<unknown>;
}

/**
 * `POST /X/bulk/VERB {ids, …}`: one after the other, each by itself, so that one refusal leaves the others done. Answers
 * 200 with `{results: [{id, ok, error?}]}`, each id once, in the order given. Mount it before the verbs of single
 * records, for `bulk` is no id.
 */
export const bulkRoute = <Shape extends z.ZodRawShape = z.ZodRawShape>(
  { log }: Pick<Context, 'log'>,
  { resource, verb, access, summary, fields, run }: BulkVerb<Shape>,
): OperatorRoute =>
  operatorRoute({
    method: 'post',
    path: `/${resource}/bulk/${verb}`,
    access,
    summary,
    body: Ids.extend(fields ?? {}),
    response: Results,
    async handle({ body, caller: { actor } }) {
      const results: z.infer<typeof Results>['results'] = [];
      for (const id of new Set(body.ids)) {
        try {
          await run(id, actor, body as unknown as z.output<z.ZodObject<Shape>>);
          results.push({ id, ok: true });
        } catch (error) {
          if (!(error instanceof ProblemError))
            log.error({ err: error, resource, verb, id }, 'bulk action failed for one');
          const reason = error instanceof ProblemError ? error.message : 'This went wrong and is logged. Try it again.';
          results.push({ id, ok: false, error: reason });
        }
      }
      return { results };
    },
  });
