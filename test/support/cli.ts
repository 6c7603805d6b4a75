import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Context } from '../../server/context';
import { testEnv } from './context';

export interface Outcome {
  code: number;
  /** What went to stdout, and to stderr after it. */
  told: string;
  out: string;
}

/** `npm run NAME -- …args`, from the sources, over the servers of `context`. */
export function runCli(context: Context, name: string, ...args: string[]): Promise<Outcome> {
  const { databaseUrl, redisUrl, stripe, publicUrl } = context.config;
  const hook = join(__dirname, '../../dev/launch/swc-register.cjs');
  const command = join(__dirname, `../../server/cli/${name}.ts`);
  const env = {
    ...process.env,
    ...testEnv(),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    STRIPE_API_BASE: stripe.apiBase,
    PUBLIC_URL: publicUrl,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['-r', hook, command, ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, told: `${out}${err}`, out }),
    );
  });
}
