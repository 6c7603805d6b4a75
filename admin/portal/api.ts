/** A refusal of the server (RFC 9457 problem details), or `offline` where no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    /** What to do about it, to be shown as it is. */
    readonly detail: string,
    /** Field → message. */
    readonly errors: Record<string, string> = {},
  ) {
    super(detail);
    this.name = 'ApiError';
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
export type SignedIn = 'unknown' | 'in' | 'out';

/** Kept in memory alone: a script that reads the disk of the browser finds no token. */
let accessToken: string | undefined;
let signedIn: SignedIn = 'unknown';
let refreshing: Promise<boolean> | undefined;
const listeners = new Set<() => void>();

function setSession(token: string | undefined) {
  accessToken = token;
  signedIn = token === undefined ? 'out' : 'in';
  for (const listener of listeners) listener();
}

/** For useSyncExternalStore: whether somebody is signed in; `unknown` until the first refresh has answered. */
export const session = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  get: (): SignedIn => signedIn,
};

async function refusal(response: Response): Promise<ApiError> {
  const { status } = response;
  const problem = (await response.json().catch(() => ({}))) as Partial<ApiError> & { message?: string };
  const detail = problem.detail ?? problem.message ?? `The server answered ${status}. Try again in a moment.`;
  return new ApiError(status, problem.code ?? 'unknown', detail, problem.errors);
}

async function send(method: Method, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (accessToken !== undefined && path.startsWith('/v1/')) headers.Authorization = `Bearer ${accessToken}`;
  try {
    const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    return await fetch(path, { ...init, credentials: 'same-origin' });
  } catch {
    throw new ApiError(0, 'offline', 'The server can not be reached. Check your connection and try again.');
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await refusal(response);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function askForToken(): Promise<boolean> {
  const response = await send('POST', '/auth/refresh');
  if (response.status === 401) {
    setSession(undefined);
    return false;
  }
  setSession((await read<{ accessToken: string }>(response)).accessToken);
  return true;
}

/** Tabs share the refresh cookie, which each use may replace: they take turns. */
const inTurn = (work: () => Promise<boolean>): Promise<boolean> =>
  'locks' in navigator ? navigator.locks.request('tenantry.refresh', work) : work();

/** Gets a new access token by the session cookie; false where there is no session. Throws ApiError when not answered. */
export function refresh(): Promise<boolean> {
  refreshing ??= inTurn(askForToken).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

/** Asks the server; an access token that has run out is renewed once. Throws ApiError. */
export async function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  if (response.status !== 401 || accessToken === undefined || !(await refresh())) return read<T>(response);
  return read<T>(await send(method, path, body));
}

/** Has a one-time code mailed to `email`. */
export const requestCode = (email: string) => ask<void>('POST', '/auth/code', { email });

async function tokenFor(body: { email: string; code: string; session: boolean }): Promise<string> {
  return (await read<{ accessToken: string }>(await send('POST', '/auth/token', body))).accessToken;
}

/** Signs in by the code of the newest mail. */
export async function signIn(email: string, code: string): Promise<void> {
  setSession(await tokenFor({ email, code, session: true }));
}

/** An access token that proves another address, while the reader stays signed in as before. */
export const tokenForLinking = (email: string, code: string) => tokenFor({ email, code, session: false });

/** Ends the session here and on the server. Throws ApiError, and stays signed in, when the server can't be told. */
export async function signOut(): Promise<void> {
  const response = await send('POST', '/auth/sign-out');
  if (!response.ok && response.status !== 401) throw await refusal(response);
  setSession(undefined);
}
