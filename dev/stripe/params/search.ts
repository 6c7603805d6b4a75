import type Stripe from 'stripe';
import { invalidRequest } from '../errors';

type Matches = (customer: Stripe.Customer) => boolean;

const CLAUSE =
  /^(?<not>-)?(?:metadata\[(?<quote>["'])(?<key>.+?)\k<quote>\]|(?<field>email|name|phone|created))\s*(?<operator>:|~|>=|<=|>|<)\s*(?:"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<bare>null|-?\d+))$/;

/**
 * Reads Stripe's search language for customers: clauses on `email`, `name`, `phone`, `created` and `metadata["key"]`,
 * joined by AND or by OR, but not both.
 * @throws StripeApiError for a query that Stripe would not take either
 */
export function parseQuery(query: string): Matches {
  const parts = query.split(/\s+(AND|OR)\s+/i);
  const joints = new Set(parts.filter((_, index) => index % 2 === 1).map((joint) => joint.toUpperCase()));
  if (joints.size > 1) throw invalidRequest('You cannot combine AND and OR in one search query.', { param: 'query' });
  const clauses = parts.filter((_, index) => index % 2 === 0).map(parseClause);
  return joints.has('OR')
    ? (customer) => clauses.some((matches) => matches(customer))
    : (customer) => clauses.every((matches) => matches(customer));
}

function parseClause(clause: string): Matches {
  const parts = CLAUSE.exec(clause.trim())?.groups;
  if (!parts) throw invalidRequest(`We were unable to parse your search query: ${clause}`, { param: 'query' });
  const { key, field, operator = ':', bare } = parts;
  const wanted = (parts.double ?? parts.single ?? bare ?? '').replace(/\\(.)/g, '$1');
  const matches: Matches = (customer) => {
    if (field === 'created') return compareNumbers(customer.created, operator, Number(wanted));
    const value = key === undefined ? fieldOf(customer, field) : customer.metadata[key];
    if (bare === 'null') return value === undefined || value === null;
    if (value === undefined || value === null) return false;
    return operator === '~'
      ? value.toLowerCase().includes(wanted.toLowerCase())
      : value.toLowerCase() === wanted.toLowerCase();
  };
  return parts.not ? (customer) => !matches(customer) : matches;
}

function fieldOf(customer: Stripe.Customer, field: string | undefined): string | null | undefined {
  if (field === 'email') return customer.email;
  return field === 'name' ? customer.name : customer.phone;
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
