import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Context } from '../../server/context';
import { testEnv } from './context';

const TOP = join(__dirname, '../..');

export interface Outcome {
  code: number;
  /** What went to stdout, and to stderr after it. */
  told: string;
  out: string;
}

/** `npm run NAME -- …args`, from the sources, over the servers of `context`. */
export const runCli = (context: Context, name: string, ...args: string[]): Promise<Outcome> =>
  runSource(context, `server/cli/${name}.ts`, args);

/** Runs a program of ours from its source, given from the top of the project, over the servers of `context`. */
export function runSource(
  context: Context,
  source: string,
  args: string[] = [],
  settings: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const { databaseUrl, redisUrl, stripe, publicUrl } = context.config;
  const hook = join(TOP, 'dev/launch/swc-register.cjs');
  const command = join(TOP, source);
  const env = {
    ...process.env,
    ...testEnv(),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    STRIPE_API_BASE: stripe.apiBase,
    PUBLIC_URL: publicUrl,
    ...settings,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['-r', hook, command, ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, told: `${out}${err}`, out }),
    );
  });
}
