import { z } from 'zod';
import { invalidRequest, type StripeApiError } from '../errors';
import type { Form } from './form';

type Issue = z.core.$ZodIssue;

/**
 * Checks a form against an endpoint's parameters and converts it.
 * @throws StripeApiError with Stripe's own 400 for the first fault
 */
export function validate<S extends z.ZodType>(schema: S, form: Form): z.output<S> {
  const result = schema.safeParse(form, { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => closest(issue));
  throw asStripeError(issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0]!);
}

/** Of a union's branches, the one that got furthest: it is the one the caller meant. */
function closest(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors.map((branch) =>
    branch.flatMap((inner) => closest({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  const depth = (branch: Issue[]): number =>
    Math.max(
      ...branch.map(
        (inner) =>
          inner.path.length * 2 + Number(inner.code === 'unrecognized_keys' || inner.code === 'invalid_format'),
      ),
    );
  return branches.sort((a, b) => depth(b) - depth(a))[0] ?? [];
}

function asStripeError(issue: Issue): StripeApiError {
  const param = nameOf(issue.path);
  const given = String(issue.input ?? '');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const names = issue.keys.map((key) => nameOf([...issue.path, key]));
      return invalidRequest(`Received unknown parameter${names.length > 1 ? 's' : ''}: ${names.join(', ')}`, {
        code: 'parameter_unknown',
        param: names[0] ?? param,
      });
    }
    case 'invalid_type':
      if (issue.input === undefined) return missing(param);
      return invalidRequest(`Invalid ${issue.expected === 'record' ? 'object' : issue.expected}`, { param });
    case 'too_small':
      return invalidRequest(
        `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
        { code: 'parameter_invalid_empty', param },
      );
    case 'invalid_value':
      if (issue.input === undefined) return missing(param);
      return invalidRequest(`Invalid ${param}: must be one of ${issue.values.map(String).join(', ')}`, { param });
    default:
      return byRule(issue.message, param, given);
  }
}

function byRule(rule: string, param: string, given: string): StripeApiError {
  switch (rule) {
    case 'integer':
      return invalidRequest(`Invalid integer: ${given}`, { code: 'parameter_invalid_integer', param });
    case 'not_negative':
      return invalidRequest('This value must be greater than or equal to 0.', {
        code: 'parameter_invalid_integer',
        param,
      });
    case 'limit':
      return invalidRequest('Limit must be between 1 and 100', { code: 'parameter_invalid_integer', param });
    case 'url':
      return invalidRequest('Not a valid URL', { code: 'url_invalid', param });
    default:
      return invalidRequest(`Invalid ${param}: ${rule}`, { param });
  }
}

const missing = (param: string): StripeApiError =>
  invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });

/** ['items', 0, 'price'] → `items[0][price]`. */
function nameOf(path: readonly PropertyKey[]): string {
  const [head, ...rest] = path;
  return `${String(head ?? '')}${rest.map((part) => `[${String(part)}]`).join('')}`;
}
