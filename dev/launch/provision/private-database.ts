import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DataDir } from '../data-dir';
import { failedRun, lastLines } from '../fault';
import { findBinary, runToEnd } from './binaries';
import { askDatabase } from './probe';
import { giveTo, serverUser } from './run-as';
import { runPrivate, type Service } from './service';

const USER = 'tenantry';
const DATABASE = 'tenantry';
const COLLATION = 'utf8mb4_unicode_ci';

export interface DatabaseNeeds {
  /** `one`: a user who owns the database `tenantry`; `all`: one who may make databases (the tests do). */
  rights: 'one' | 'all';
  /** `each-commit` survives a power cut; `relaxed` may lose the last second, and is faster. */
  durability: 'each-commit' | 'relaxed';
}

interface Installation {
  file: string;
  flavour: 'MariaDB' | 'MySQL';
}

/** The MariaDB or MySQL server on this machine, if there is one that can make itself a data folder. */
export async function findDatabaseServer(): Promise<Installation | undefined> {
  const file = findBinary('mariadbd', 'mysqld');
  if (!file) return undefined;
  const { said } = await runToEnd(file, ['--no-defaults', '--version']);
  return { file, flavour: /mariadb/i.test(said) ? 'MariaDB' : 'MySQL' };
}

const asUser = (user: string | undefined) => (user ? [`--user=${user}`] : []);

/** Fills an empty data folder; under another name until it is whole, so that a kill in the middle leaves no half. */
async function initialise({ file, flavour }: Installation, folder: string, user: string | undefined): Promise<void> {
  if (existsSync(join(folder, 'mysql'))) return;
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  await giveTo(user, draft);
  const common = ['--no-defaults', `--datadir=${draft}`, ...asUser(user)];
  const maker = findBinary('mariadb-install-db', 'mysql_install_db');
  const { code, said } =
    flavour === 'MariaDB' && maker
      ? await runToEnd(maker, [...common, '--skip-test-db'], { cwd: dirname(draft) })
      : await runToEnd(file, [...common, '--initialize-insecure'], { cwd: dirname(draft) });
  if (code !== 0) throw failedRun(`${flavour} could not make its data folder ${folder}`, lastLines(said));
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
}

/** Run by the server before it takes connections: our user is there from the first one on, and nobody else. */
const firstStatements = (flavour: Installation['flavour'], password: string, rights: DatabaseNeeds['rights']) =>
  [
    `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4 COLLATE ${COLLATION};`,
    `CREATE USER IF NOT EXISTS '${USER}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER '${USER}'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON ${rights === 'all' ? '*' : DATABASE}.* TO '${USER}'@'127.0.0.1';`,
    // MariaDB's root comes in over the socket as the system's root only; MySQL's would have no password.
    ...(flavour === 'MySQL' ? [`ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`] : []),
  ].join('\n');

const argumentsOf =
  (
    flavour: Installation['flavour'],
    folder: string,
    user: string | undefined,
    durability: DatabaseNeeds['durability'],
  ) =>
  (port: number): string[] => [
    '--no-defaults',
    `--datadir=${folder}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data folder: a socket's path may have 107 characters at most.
    '--socket=db.sock',
    '--pid-file=db.pid',
    `--init-file=${join(folder, 'first.sql')}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--character-set-server=utf8mb4',
    `--collation-server=${COLLATION}`,
    '--max-connections=300',
    `--innodb-flush-log-at-trx-commit=${durability === 'each-commit' ? 1 : 0}`,
    ...(flavour === 'MySQL' ? ['--mysqlx=OFF'] : []),
    ...asUser(user),
  ];

/** Starts (at first: makes) our own database server under the data folder, reachable from this machine alone. */
export async function privateDatabase(data: DataDir, found: Installation, needs: DatabaseNeeds): Promise<Service> {
  const { flavour, file } = found;
  const folder = data.at(flavour.toLowerCase());
  const user = await serverUser(data.path);
  const password = data.secret('databasePassword');
  const urlOf = (port: number) =>
    `mysql://${USER}:${password}@127.0.0.1:${port}/${needs.rights === 'one' ? DATABASE : ''}`;
  await initialise(found, folder, user);
  const script = join(folder, 'first.sql');
  writeFileSync(script, firstStatements(flavour, password, needs.rights), { mode: 0o600 });
  await giveTo(user, folder);
  try {
    const running = await runPrivate(data, {
      name: 'database',
      label: flavour,
      file,
      cwd: data.path,
      args: argumentsOf(flavour, folder, user, needs.durability),
      answers: async (port) => {
        await askDatabase(urlOf(port));
      },
    });
    const url = urlOf(running.port);
    const version = (await askDatabase(url)).split('-')[0];
    const again = running.adopted ? ', still running from before' : '';
    return {
      url,
      source: `private ${flavour} ${version} on port ${running.port}${again}`,
      stop: running.stop,
      alive: running.alive,
      log: data.logOf('database'),
    };
  } finally {
    rmSync(script, { force: true });
  }
}
