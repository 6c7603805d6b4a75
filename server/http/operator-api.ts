import type { ObjectLiteral } from 'typeorm';
import { z } from 'zod';
import type { OperatorRole, Permission, ResourceName } from '../../domain/permissions';
import type { Actor } from '../audit/actor';
import type { Context } from '../context';
import { notFound, staleVersion } from '../errors';
import type { Operator } from '../operators/operator.entity';
import { type Route, routeMaker } from './routes';
import { answerList, type Listing } from './simple-rest';

/** Whoever calls: an operator, or a program with an API key (then `operator` is null). */
export interface OperatorCaller {
  role: OperatorRole;
  operator: Operator | null;
  actor: Actor;
}

export type OperatorRoute = Route<OperatorCaller, Permission>;
export const operatorRoute = routeMaker<OperatorCaller, Permission>();

type Listed<Row extends ObjectLiteral> = Listing<Row> & { name: ResourceName };

/** The record of one row as lists show it. Throws 404. */
export async function presentOne<Row extends ObjectLiteral>(
  context: Context,
  listing: Listed<Row>,
  id: string,
): Promise<object> {
  const row = await context.db.createQueryBuilder(listing.entity, 'r').where('r.id = :id', { id }).getOne();
  if (!row) throw notFound(listing.name.replace(/s$/, ''), id);
  const [record] = await listing.present([row], context.db, context.now());
  return record!;
}

/** `GET /X` and `GET /X/:id`, which every resource has. */
export const readRoutes = <Row extends ObjectLiteral>(context: Context, listing: Listed<Row>): OperatorRoute[] => [
  operatorRoute({
    method: 'get',
    path: `/${listing.name}`,
    access: `${listing.name}:read`,
    summary: `List ${listing.name}`,
    handle: ({ query, res }) => answerList(context, listing, query, res),
  }),
  operatorRoute({
    method: 'get',
    path: `/${listing.name}/:id`,
    access: `${listing.name}:read`,
    summary: `Show one of ${listing.name}`,
    handle: ({ params }) => presentOne(context, listing, params.id!),
  }),
];

/** The version that a PUT read; left out (as by updateMany), the change is made to whatever stands. */
export const versionField = { version: z.coerce.number().int().optional() };

/** Throws 409 with the current record where `row`, which the caller holds locked, is not of the version that was read. */
export async function requireVersion<Row extends ObjectLiteral & { id: string; version: number }>(
  context: Context,
  listing: Listed<Row>,
  row: Row,
  version: number | undefined,
): Promise<void> {
  if (version !== undefined && version !== row.version) throw staleVersion(await presentOne(context, listing, row.id));
}
