import type Stripe from 'stripe';
import { invalidRequest } from '../errors';

type Value = string | number | boolean | null | undefined;

/** The fields of an object that Stripe can search by; `metadata["key"]` always is one. */
export type SearchFields<T> = Record<string, (one: T) => Value>;

type Matches<T> = (one: T) => boolean;

const CLAUSE =
  /^(?<not>-)?(?:metadata\[(?<quote>["'])(?<key>.+?)\k<quote>\]|(?<field>[a-z_]+))\s*(?<operator>:|~|>=|<=|>|<)\s*(?:"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<bare>null|-?\d+))$/;

/**
 * Reads Stripe's search language: clauses on an object's fields and `metadata["key"]`, joined by AND or by OR, but not
 * both. https://docs.stripe.com/search
 * @throws StripeApiError for a query that Stripe would not take either
 */
export function parseQuery<T extends { metadata: Stripe.Metadata | null }>(
  query: string,
  fields: SearchFields<T>,
): Matches<T> {
  const parts = query.split(/\s+(AND|OR)\s+/i);
  const joints = new Set(parts.filter((_, index) => index % 2 === 1).map((joint) => joint.toUpperCase()));
  if (joints.size > 1) throw invalidRequest('You cannot combine AND and OR in one search query.', { param: 'query' });
  const clauses = parts.filter((_, index) => index % 2 === 0).map((clause) => parseClause(clause, fields));
  return joints.has('OR')
    ? (one) => clauses.some((matches) => matches(one))
    : (one) => clauses.every((matches) => matches(one));
}

function parseClause<T extends { metadata: Stripe.Metadata | null }>(
  clause: string,
  fields: SearchFields<T>,
): Matches<T> {
  const parts = CLAUSE.exec(clause.trim())?.groups;
  const read = parts?.field === undefined ? null : fields[parts.field];
  if (!parts || read === undefined) {
    throw invalidRequest(`We were unable to parse your search query: ${clause}`, { param: 'query' });
  }
  const { key = '', operator = ':', bare } = parts;
  const wanted = (parts.double ?? parts.single ?? bare ?? '').replace(/\\(.)/g, '$1');
  const matches: Matches<T> = (one) => {
    const value = read ? read(one) : one.metadata?.[key];
    if (bare === 'null') return value === undefined || value === null;
    if (value === undefined || value === null) return false;
    if (typeof value === 'number') return compareNumbers(value, operator, Number(wanted));
    const text = String(value).toLowerCase();
    return operator === '~' ? text.includes(wanted.toLowerCase()) : text === wanted.toLowerCase();
  };
  return parts.not ? (one) => !matches(one) : matches;
}

function compareNumbers(value: number, operator: string, wanted: number): boolean {
  switch (operator) {
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    default:
      return value === wanted;
  }
}
