import type { DataSource } from 'typeorm';

/** Brings the schema up to date, under a named lock so that processes that start together don't race. Gives the names run. */
export async function migrate(db: DataSource): Promise<string[]> {
  const runner = db.createQueryRunner();
  try {
    const [row] = await runner.query(`SELECT GET_LOCK('tenantry.migrate', 120) AS held`);
    if (Number(row.held) !== 1)
      throw new Error('Another process has been migrating for two minutes. Try again when it is done.');
    try {
      const done = await db.runMigrations({ transaction: 'none' });
      return done.map(({ name }) => name);
    } finally {
      await runner.query(`SELECT RELEASE_LOCK('tenantry.migrate')`);
    }
  } finally {
    await runner.release();
  }
}
