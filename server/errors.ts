export interface ProblemOptions {
  status: number;
  /** Stable machine word, such as `tenant_suspended`. */
  code: string;
  title: string;
  /** What to do about it. */
  detail: string;
  /** Field → message, in the shape that react-admin's forms show. */
  errors?: Record<string, string>;
  /** The current record, on a version conflict. */
  current?: unknown;
  retryAfterSeconds?: number;
}

/** An answer of 4xx or 5xx that was meant: RFC 9457 problem details. */
export class ProblemError extends Error {
  constructor(readonly problem: ProblemOptions) {
    super(problem.detail);
    this.name = 'ProblemError';
  }
}

export const notFound = (what: string, id: string) =>
  new ProblemError({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: `There is no ${what} with the id "${id}", or you may not see it.`,
  });

/** Bad input: `errors` names each field with its remedy. */
export const invalid = (errors: Record<string, string>, detail?: string) =>
  new ProblemError({
    status: 400,
    code: 'invalid',
    title: 'Invalid input',
    detail:
      detail ??
      Object.entries(errors)
        .map(([field, message]) => `${field}: ${message}`)
        .join(' '),
    errors,
  });

export const unauthenticated = (detail = 'Sign in first.') =>
  new ProblemError({ status: 401, code: 'unauthenticated', title: 'Not signed in', detail });

export const forbidden = (detail: string, code = 'forbidden') =>
  new ProblemError({ status: 403, code, title: 'Not allowed', detail });

export const conflict = (code: string, detail: string, errors?: Record<string, string>) =>
  new ProblemError({ status: 409, code, title: 'Conflict', detail, errors });

export const staleVersion = (current: unknown) =>
  new ProblemError({
    status: 409,
    code: 'stale_version',
    title: 'Changed meanwhile',
    detail: 'Somebody else changed this record since you opened it. Reload it, then make your change again.',
    current,
  });

export const tooMany = (detail: string, retryAfterSeconds: number) =>
  new ProblemError({ status: 429, code: 'too_many_requests', title: 'Too many requests', detail, retryAfterSeconds });
