/** Stripe's own words in a path are lower-case letters and underscores; its ids hold digits or capitals. */
const WORD = /^(v\d|[a-z_]+)$/;

/**
 * The endpoint that Stripe counts a request for: `GET /v1/subscriptions/:id`.
 * @param path as the SDK asks for it, with the query
 */
export function endpointOf(method: string, path: string): string {
  const segments = path
    .replace(/[?#].*$/, '')
    .split('/')
    .filter(Boolean);
  return `${method.toUpperCase()} /${segments.map((segment) => (WORD.test(segment) ? segment : ':id')).join('/')}`;
}
