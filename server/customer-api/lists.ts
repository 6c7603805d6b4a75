import type { FindOptionsWhere, ObjectLiteral, Repository } from 'typeorm';
import { MoreThan } from 'typeorm';
import { z } from 'zod';
import { parse } from '../http/routes';

const PageQuery = z.object({
  limit: z.coerce.number('must be a number.').int().min(1).max(200).default(100),
  after: z.string().max(64).optional(),
});

export interface Page<Item> {
  items: Item[];
  /** What to send as `after` for the next page; null on the last. */
  next: string | null;
}

/** A page of rows by id, which is the order of their birth; `?limit=` (100, at most 200) and `?after=` choose it. */
export async function pageOf<Row extends ObjectLiteral & { id: string }>(
  repository: Repository<Row>,
  where: FindOptionsWhere<Row> | FindOptionsWhere<Row>[],
  query: Record<string, string | undefined>,
): Promise<Page<Row>> {
  const { limit, after } = parse(PageQuery, query);
  const ways: FindOptionsWhere<Row>[] = Array.isArray(where) ? where : [where];
  const later = after === undefined ? {} : { id: MoreThan(after) };
  const rows = await repository.find({
    where: ways.map((way) => ({ ...(way as object), ...later })) as FindOptionsWhere<Row>[],
    order: { id: 'ASC' } as object,
    take: limit + 1,
  });
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.id : null };
}
