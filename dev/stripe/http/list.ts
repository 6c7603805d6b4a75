import type Stripe from 'stripe';
import { noSuch } from '../errors';
import { boundsOf, type Range } from '../params/fields';
import { Collection, type PageRequest, type Stored, UnknownCursorError } from '../store/collection';

export interface ListParams {
  limit: number;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
  created?: Range | undefined;
}

/**
 * Answers a list request: newest first, cut by Stripe's cursors and its range of `created`.
 * @param kind Stripe's word for the objects, for the refusal of an unknown cursor
 */
export function listOf<T extends Stored>(
  collection: Collection<T>,
  kind: string,
  url: string,
  params: ListParams,
  filter: Pick<PageRequest<T>, 'where' | 'group'> = {},
): Stripe.ApiList<T> {
  try {
    const page = collection.page({
      limit: params.limit,
      startingAfter: params.starting_after,
      endingBefore: params.ending_before,
      created: params.created === undefined ? undefined : boundsOf(params.created),
      ...filter,
    });
    return { object: 'list', data: page.data, has_more: page.hasMore, url };
  } catch (error) {
    if (error instanceof UnknownCursorError) throw noSuch(kind, error.cursor, error.param);
    throw error;
  }
}

/** Answers a list request for objects in an order of their own, such as the items of one subscription. */
export function listInOrder<T extends { id: string }>(
  objects: readonly T[],
  kind: string,
  url: string,
  params: ListParams,
): Stripe.ApiList<T> {
  const collection = new Collection<Stored & { object: T }>();
  for (const object of objects.toReversed()) collection.put({ id: object.id, created: 0, object });
  const list = listOf(collection, kind, url, params);
  return { ...list, data: list.data.map(({ object }) => object) };
}
