import { ConfigError, loadConfig } from '../config';
import { openDatabase } from '../db/data-source';
import { migrate } from '../db/migrate';

async function main(): Promise<void> {
  const db = await openDatabase(loadConfig(process.env).databaseUrl, { poolSize: 2 });
  try {
    const names = await migrate(db);
    console.log(names.length > 0 ? `Migrated: ${names.join(', ')}` : 'The schema is up to date.');
  } finally {
    await db.destroy();
  }
}

main().catch((error) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
