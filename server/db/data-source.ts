import 'reflect-metadata';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { entities } from './entities';
import { Initial1764000000000 } from './migrations/1764000000000-initial';
import { Reconcile1764200000000 } from './migrations/1764200000000-reconcile';
import { FindingsInbox1764300000000 } from './migrations/1764300000000-findings-inbox';
import { ApiKeys1764350000000 } from './migrations/1764350000000-api-keys';
import { PlanDecisions1764400000000 } from './migrations/1764400000000-plan-decisions';
import { ExactRuns1764500000000 } from './migrations/1764500000000-exact-runs';
import { Convergence1764600000000 } from './migrations/1764600000000-convergence';
import { PlanCatalogue1764700000000 } from './migrations/1764700000000-plan-catalogue';
import { MachineTokens1764840000000 } from './migrations/1764840000000-machine-tokens';
import { IdentityEmail1764850000000 } from './migrations/1764850000000-identity-email';
import { Invitations1764900000000 } from './migrations/1764900000000-invitations';
import { ContentHash1764950000000 } from './migrations/1764950000000-content-hash';

/** Which driver dialect fits the server: TypeORM's schema diff treats JSON columns differently on the two. */
async function dialectOf(url: string): Promise<'mariadb' | 'mysql'> {
  const connection = await createConnection({ uri: url, connectTimeout: 10_000 });
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const version = String((rows as { version: string }[])[0]?.version);
    return /mariadb/i.test(version) ? 'mariadb' : 'mysql';
  } finally {
    await connection.end();
  }
}

export interface OpenOptions {
  poolSize?: number;
}

/**
 * Connects to MariaDB 10.11+ or MySQL 8.0+ at `url` (`mysql://user:password@host:port/name`).
 * Throws the driver's own error where the server can't be reached or refuses the login.
 */
export async function openDatabase(url: string, { poolSize = 20 }: OpenOptions = {}): Promise<DataSource> {
  const dataSource = new DataSource({
    type: await dialectOf(url),
    url,
    entities,
    migrations: [
      Initial1764000000000,
      Reconcile1764200000000,
      FindingsInbox1764300000000,
      ApiKeys1764350000000,
      PlanDecisions1764400000000,
      ExactRuns1764500000000,
      Convergence1764600000000,
      PlanCatalogue1764700000000,
      MachineTokens1764840000000,
      IdentityEmail1764850000000,
      Invitations1764900000000,
      ContentHash1764950000000,
    ],
    migrationsTableName: 'migrations',
    timezone: 'Z',
    charset: 'utf8mb4',
    poolSize,
    extra: { decimalNumbers: true, connectTimeout: 10_000 },
  });
  return dataSource.initialize();
}
