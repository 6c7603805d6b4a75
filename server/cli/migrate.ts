import { migrate } from '../db/migrate';
import { runCommand } from './run';

runCommand(async (db) => {
  const names = await migrate(db);
  console.log(names.length > 0 ? `Migrated: ${names.join(', ')}` : 'The schema is up to date.');
});
