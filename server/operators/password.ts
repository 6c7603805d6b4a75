import { hash, verify } from '@node-rs/argon2';

/** Argon2id with OWASP's second recommended profile (19 MiB, 2 passes, 1 lane); the library's default is Argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const MIN_PASSWORD = 12;

export const hashPassword = (password: string): Promise<string> => hash(password, COST);

/** Checked when no account exists, so that the answer takes as long as for one that does. */
let decoy: Promise<string> | undefined;

/** Whether `password` fits `passwordHash`; undefined stands for "no such account" and is never right. */
export async function passwordFits(passwordHash: string | undefined, password: string): Promise<boolean> {
  decoy ??= hashPassword('no account has this password');
  const fits = await verify(passwordHash ?? (await decoy), password);
  return fits && passwordHash !== undefined;
}
