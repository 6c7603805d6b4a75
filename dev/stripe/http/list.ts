import type Stripe from 'stripe';
import { noSuch } from '../errors';
import { type Collection, type PageRequest, type Stored, UnknownCursorError } from '../store/collection';

export interface ListParams {
  limit: number;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
}

/**
 * Answers a list request: newest first, cut by Stripe's cursors.
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
      ...filter,
    });
    return { object: 'list', data: page.data, has_more: page.hasMore, url };
  } catch (error) {
    if (error instanceof UnknownCursorError) throw noSuch(kind, error.cursor, error.param);
    throw error;
  }
}
