import type { DataSource } from 'typeorm';
import { type Actor, systemActor } from '../audit/actor';
import { loadConfig } from '../config';
import type { Context } from '../context';
import { openDatabase } from '../db/data-source';
import { createLogger } from '../log';
import { Sealer } from '../secrets';

/** Runs a command over the database of the settings; a fault is one clear message and exit code 1. */
export function runCommand(work: (db: DataSource) => Promise<void>): void {
  const main = async () => {
    const db = await openDatabase(loadConfig(process.env).databaseUrl, { poolSize: 4 });
    try {
      await work(db);
    } finally {
      await db.destroy();
    }
  };
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

/** As runCommand, with all that a verb needs of a process; `name` tells logs and the audit trail which command it was. */
export function runVerb(name: string, work: (context: Context, actor: Actor) => Promise<void>): void {
  runCommand(async (db) => {
    const config = loadConfig(process.env);
    const log = createLogger('error', name);
    const context = { config, db, log, sealer: new Sealer(config.appSecret), now: () => new Date() };
    await work(context, { ...systemActor, id: `npm run ${name}`, name: `npm run ${name}` });
  });
}
