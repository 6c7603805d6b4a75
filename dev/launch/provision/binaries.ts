import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Servers often live where a user's PATH does not look. */
const USUAL = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/usr/local/mysql/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/opt/homebrew/opt/mysql/bin',
  '/usr/libexec',
  '/snap/bin',
];

const executable = (path: string) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The first of these programs on the PATH or in the usual folders, or undefined. */
export function findBinary(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(executable);
}

export interface Finished {
  code: number;
  /** Standard output and error, together. */
  said: string;
}

/** Runs a program to its end; never throws for its exit code. */
export async function runToEnd(
  file: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number; cwd?: string } = {},
): Promise<Finished> {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      timeout: options.timeoutMs ?? 0,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      message,
    } = error as Error &
      Partial<Record<'stdout' | 'stderr', string>> & {
        code?: number | string;
      };
    return { code: typeof code === 'number' ? code : 1, said: stdout + stderr || message };
  }
}
