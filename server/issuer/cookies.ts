import type { CookieOptions, Request } from 'express';
import type { Context } from '../context';

/** A cookie of the portal. Its name bears the port, since cookies of one host are shared by all ports. */
export function portalCookie(
  { config }: Pick<Context, 'config'>,
  name: string,
  path: string,
): { name: string; options: CookieOptions } {
  const { port, protocol } = new URL(config.publicUrl);
  return {
    name: `tenantry.${name}${port ? `.${port}` : ''}`,
    options: { path, httpOnly: true, sameSite: 'lax', secure: protocol === 'https:' },
  };
}

/** A cookie that the browser sent. */
export const cookieOf = (req: Request, name: string): string | undefined =>
  req
    .get('cookie')
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
