import type { DataSource } from 'typeorm';
import { loadConfig } from '../config';
import { openDatabase } from '../db/data-source';

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
