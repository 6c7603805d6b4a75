import type { Response } from 'express';
import type { DataSource, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Context } from '../context';
import { invalid } from '../errors';

/** Totals are exact up to this; beyond it, `X-Total-At-Least: true` says that there are more. */
export const COUNT_BOUND = 10_000;
export const MAX_PAGE = 1000;

export type FilterKind = 'word' | 'flag' | 'number' | 'moment';
/** What a list is asked of: some filters and fields hang on the time. */
export type Asked = Pick<Context, 'db' | 'now'>;
/** Adds its condition to the query; what it gives is waited for and not used. */
export type CustomFilter<Row extends ObjectLiteral> = (
  query: SelectQueryBuilder<Row>,
  value: unknown,
  asked: Asked,
) => unknown;

/** How a resource is listed. Only what is named here can be sorted or filtered by; each has an index behind it. */
export interface Listing<Row extends ObjectLiteral> {
  name: string;
  entity: EntityTarget<Row>;
  sorts: readonly string[];
  defaultSort: readonly [field: string, direction: 'ASC' | 'DESC'];
  filters: Record<string, FilterKind | CustomFilter<Row>>;
  /** Columns that every row must match: the list of one parent's children. */
  scope?: Readonly<Record<string, string>>;
  /** Columns of the full-text index that `q` searches. */
  search?: readonly string[];
  /** Rows to records, in the same order; may read more for the whole page at once. */
  present: (rows: Row[], db: DataSource, now: Date) => Promise<object[]>;
}

interface ListQuery {
  sort: [string, 'ASC' | 'DESC'];
  range: [number, number];
  filter: Record<string, unknown>;
}

function parameter(query: Record<string, string | undefined>, name: string): unknown {
  const given = query[name];
  if (given === undefined || given === '') return undefined;
  try {
    return JSON.parse(given);
  } catch {
    throw invalid({ [name]: `must be JSON, such as ${EXAMPLES[name]}.` });
  }
}
const EXAMPLES: Record<string, string> = { sort: '["name","ASC"]', range: '[0,24]', filter: '{"status":"active"}' };

function readQuery<Row extends ObjectLiteral>(
  listing: Listing<Row>,
  query: Record<string, string | undefined>,
): ListQuery {
  const sort = parameter(query, 'sort') ?? listing.defaultSort;
  const filter = parameter(query, 'filter') ?? {};
  // The stock provider's getMany names ids and no range: it wants every one of them.
  const byIds = typeof filter === 'object' && ['id', 'ids'].some((field) => Array.isArray(Reflect.get(filter, field)));
  const range = parameter(query, 'range') ?? [0, (byIds ? MAX_PAGE : 25) - 1];
  if (
    !Array.isArray(sort) ||
    sort.length !== 2 ||
    typeof sort[0] !== 'string' ||
    !/^(asc|desc)$/i.test(String(sort[1]))
  )
    throw invalid({ sort: `must look like ${EXAMPLES.sort}.` });
  const sorts = [...new Set(['id', ...listing.sorts])];
  if (!sorts.includes(sort[0])) throw invalid({ sort: `can't sort by "${sort[0]}". Allowed: ${sorts.join(', ')}.` });
  if (
    !Array.isArray(range) ||
    range.length !== 2 ||
    !range.every((n) => Number.isInteger(n) && n >= 0) ||
    range[1] < range[0]
  )
    throw invalid({ range: `must look like ${EXAMPLES.range}.` });
  if (range[1] - range[0] + 1 > MAX_PAGE) throw invalid({ range: `asks for too many: at most ${MAX_PAGE} a page.` });
  if (range[0] > COUNT_BOUND) throw invalid({ range: `starts beyond ${COUNT_BOUND}: narrow the list with a filter.` });
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    throw invalid({ filter: `must look like ${EXAMPLES.filter}.` });
  return {
    sort: [sort[0], String(sort[1]).toUpperCase() as 'ASC' | 'DESC'],
    range: range as [number, number],
    filter: filter as Record<string, unknown>,
  };
}

const READ: Record<FilterKind, (value: unknown) => unknown> = {
  word: (value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined),
  flag: (value) => (value === true || value === 'true' ? 1 : value === false || value === 'false' ? 0 : undefined),
  number: (value) =>
    value !== '' && typeof value !== 'boolean' && Number.isFinite(Number(value)) ? Number(value) : undefined,
  moment: (value) => {
    const date = typeof value === 'string' ? new Date(value) : undefined;
    return date && !Number.isNaN(date.getTime()) ? date : undefined;
  },
};
const KIND_NAMES: Record<FilterKind, string> = {
  word: 'text',
  flag: 'true or false',
  number: 'a number',
  moment: 'an ISO 8601 time',
};

/** Words are kept in ASCII columns, and MariaDB refuses to compare those with anything else: no such word is there. */
export const isWord = (value: unknown): boolean => /^\p{ASCII}*$/u.test(String(value));

function readValue(kind: FilterKind, field: string, value: unknown): unknown {
  const read = READ[kind](value);
  if (read === undefined) throw invalid({ filter: `${field}: must be ${KIND_NAMES[kind]}.` });
  return read;
}

function addFilter<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  column: string,
  kind: FilterKind,
  field: string,
  value: unknown,
  n: number,
) {
  const name = `f${n}`;
  if (value === null) query.andWhere(`r.${column} IS NULL`);
  else addAnyOf(query, `r.${column} IN (:...${name})`, kind, field, value, name);
}

function addAnyOf<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  condition: string,
  kind: FilterKind,
  field: string,
  value: unknown,
  name: string,
) {
  const given = Array.isArray(value) ? value : [value];
  if (given.length > MAX_PAGE) throw invalid({ filter: `${field}: at most ${MAX_PAGE} values.` });
  const values = given.map((one) => readValue(kind, field, one)).filter((one) => kind !== 'word' || isWord(one));
  if (values.length === 0) query.andWhere('1 = 0');
  else query.andWhere(condition, { [name]: values });
}

/** For a custom filter that is true or false. Throws 400. */
export const readFlag = (field: string, value: unknown): boolean => readValue('flag', field, value) === 1;

/** For a custom filter on ids: `condition` holds `(:...field)`, which stands for the one or many that were given. */
export const whereAnyOf = <Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  condition: string,
  field: string,
  value: unknown,
): void => addAnyOf(query, condition, 'word', field, value, field);

/** InnoDB's full-text index holds words of 3 to 84 letters, without these (its default stop words). */
const STOP_WORDS = new Set(
  'a about an are as at be by com de en for from how i in is it la of on or that the this to was what when where who will with und www'.split(
    ' ',
  ),
);

/** Text as a full-text search takes it, every word a beginning; null where the index holds none of them. */
function wordsOf(q: string): string | null {
  const words =
    q
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const indexed = words.filter((word) => word.length >= 3 && !STOP_WORDS.has(word));
  return indexed.length > 0 ? indexed.map((word) => `+${word}*`).join(' ') : null;
}

/** The beginning of a text, for LIKE. */
const beginningOf = (q: string): string => `${q.trim().replace(/[\\%_]/g, '\\$&')}%`;

function readSearch(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw invalid({ filter: 'q: must be text.' });
  return String(value);
}

/** For a custom `q`: rows of which `column` names a row of `table` that `q` finds by its full-text index, or its id. */
export function whereMatches<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  table: string,
  searched: readonly string[],
  column: string,
  value: unknown,
): void {
  const q = readSearch(value);
  if (q.trim() === '') return;
  const words = wordsOf(q);
  const found = words
    ? `MATCH(${searched.join(', ')}) AGAINST (:words IN BOOLEAN MODE)`
    : searched.map((one) => `${one} LIKE :prefix`).join(' OR ');
  const exact = isWord(q) ? `r.${column} = :exact OR ` : '';
  query.andWhere(`(${exact}r.${column} IN (SELECT id FROM ${table} WHERE ${found}))`, {
    exact: q.trim(),
    words,
    prefix: beginningOf(q),
  });
}

/** `q`: every word must begin some word of the searched columns; an id or too short a text is matched as a beginning. */
function addSearch<Row extends ObjectLiteral>(query: SelectQueryBuilder<Row>, columns: readonly string[], q: string) {
  const words = wordsOf(q);
  const ways = isWord(q) ? [`r.id = :exact`] : [];
  if (words) {
    ways.push(`MATCH(${columns.map((column) => `r.${column}`).join(', ')}) AGAINST (:words IN BOOLEAN MODE)`);
  } else ways.push(...columns.map((column) => `r.${column} LIKE :prefix`));
  query.andWhere(`(${ways.join(' OR ')})`, { exact: q.trim(), words: words ?? '', prefix: beginningOf(q) });
}

async function addFilters<Row extends ObjectLiteral>(
  asked: Asked,
  listing: Listing<Row>,
  query: SelectQueryBuilder<Row>,
  filter: Record<string, unknown>,
) {
  const allowed: Record<string, FilterKind | CustomFilter<Row>> = { id: 'word', ...listing.filters };
  let n = 0;
  for (const [field, value] of Object.entries(filter)) {
    n += 1;
    if (field === 'q' && listing.search) {
      const q = readSearch(value);
      if (q.trim() !== '') addSearch(query, listing.search, q);
      continue;
    }
    if (field === 'ids') {
      addFilter(query, 'id', 'word', 'ids', Array.isArray(value) ? value : [value], n);
      continue;
    }
    const kind = Object.hasOwn(allowed, field) ? allowed[field] : undefined;
    if (typeof kind === 'function') await kind(query, value, asked);
    else if (kind) addFilter(query, field, kind, field, value, n);
    else {
      const range = /^(.+)_(gte|lte)$/.exec(field);
      const rangeKind = range && Object.hasOwn(allowed, range[1]!) ? allowed[range[1]!] : undefined;
      if (!range || !rangeKind || typeof rangeKind === 'function' || rangeKind === 'flag') {
        const names = [...Object.keys(allowed), ...(listing.search ? ['q'] : [])];
        throw invalid({
          filter: `can't filter by "${field}". Allowed: ${names.join(', ')}; _gte and _lte on numbers and times.`,
        });
      }
      const name = `f${n}`;
      query.andWhere(`r.${range[1]} ${range[2] === 'gte' ? '>=' : '<='} :${name}`, {
        [name]: readValue(rangeKind, field, value),
      });
    }
  }
}

/** The rows that a list's scope and the filter of a query string leave, in no order. Throws 400 as answerList does. */
export async function filteredQuery<Row extends ObjectLiteral>(
  asked: Asked,
  listing: Listing<Row>,
  httpQuery: Record<string, string | undefined>,
): Promise<SelectQueryBuilder<Row>> {
  const { filter } = readQuery(listing, httpQuery);
  const query = asked.db.createQueryBuilder(listing.entity, 'r');
  for (const [column, value] of Object.entries(listing.scope ?? {}))
    query.andWhere(`r.${column} = :scope_${column}`, { [`scope_${column}`]: value });
  await addFilters(asked, listing, query, filter);
  return query;
}

/**
 * Answers a list in the dialect of ra-data-simple-rest: `sort`, `range`, `filter` as JSON in the query string,
 * `Content-Range: tenants 0-24/1042` on the answer. Unknown sort or filter fields get 400 with those allowed.
 */
export async function answerList<Row extends ObjectLiteral>(
  asked: Asked,
  listing: Listing<Row>,
  httpQuery: Record<string, string | undefined>,
  res: Response,
): Promise<object[]> {
  const { sort, range } = readQuery(listing, httpQuery);
  const { db, now } = asked;
  const query = await filteredQuery(asked, listing, httpQuery);
  const counted = query
    .clone()
    .select('1', 'one')
    .limit(COUNT_BOUND + 1);
  const [sql, parameters] = counted.getQueryAndParameters();
  query
    .orderBy(`r.${sort[0]}`, sort[1])
    .offset(range[0])
    .limit(range[1] - range[0] + 1);
  if (sort[0] !== 'id') query.addOrderBy('r.id', sort[1]);
  const [rows, [total]] = await Promise.all([
    query.getMany(),
    db.query(`SELECT COUNT(*) AS n FROM (${sql}) counted`, parameters) as Promise<[{ n: number }]>,
  ]);
  const bounded = Math.min(Number(total.n), COUNT_BOUND);
  const last = rows.length > 0 ? range[0] + rows.length - 1 : range[0];
  res.set('Content-Range', `${listing.name} ${range[0]}-${last}/${bounded}`);
  if (Number(total.n) > COUNT_BOUND) res.set('X-Total-At-Least', 'true');
  return listing.present(rows, db, now());
}
