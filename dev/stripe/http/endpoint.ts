import { z } from 'zod';
import type { World } from '../world';

/** What an endpoint is given: the world, the id in its path ('' without one) and its checked parameters. */
export interface Call<P> {
  world: World;
  id: string;
  params: P;
}

/** One address of Stripe's API. */
export interface Endpoint {
  method: 'get' | 'post' | 'delete';
  /** Express path; `:id` is the object's id. */
  path: string;
  schema: z.ZodType<{ expand?: string[] | undefined }>;
  run: (world: World, id: string, params: unknown) => object;
}

/**
 * Declares an endpoint by its parameters and what it answers. Parameters that are not named are refused.
 * `run` may throw StripeApiError, and must not wait: a request is answered in one go, so that nothing comes between.
 */
export function endpoint<Shape extends z.ZodRawShape>(
  method: Endpoint['method'],
  path: string,
  shape: Shape,
  run: (call: Call<z.output<z.ZodObject<Shape, z.core.$strict>>>) => object,
): Endpoint {
  const schema = z.strictObject(shape);
  return {
    method,
    path,
    schema: schema as unknown as Endpoint['schema'],
    run: (world, id, params) => run({ world, id, params: params as z.output<typeof schema> }),
  };
}
