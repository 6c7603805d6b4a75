import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';
const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

/** What the reconciliation keeps: its runs with their checkpoints and changes, and more of each subscription. */
export class Reconcile1764200000000 implements MigrationInterface {
  name = 'Reconcile1764200000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE customer_leases RENAME TO leases,
      CHANGE customerId name varchar(64) ${WORD} NOT NULL`);
    await db.query(`CREATE TABLE stripe_state (
      name varchar(64) ${WORD} NOT NULL,
      value json NOT NULL,
      updatedAt datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      PRIMARY KEY (name)
    ) ${TABLE}`);
    await this.mirror(db);
    await this.runs(db);
  }

  private async mirror(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE subscriptions
      ADD scheduledChange json NULL,
      ADD createdAt datetime(3) NULL,
      ADD contentHash varchar(64) ${WORD} NULL`);
    // Stripe's `created` is not known yet; the next sync or sweep sets it. No row may be without one.
    await db.query('UPDATE subscriptions SET createdAt = startedAt');
    await db.query(`ALTER TABLE subscriptions
      MODIFY createdAt datetime(3) NOT NULL,
      ADD INDEX subscriptions_created (createdAt, id)`);
    await db.query(`ALTER TABLE findings ADD cause varchar(40) ${WORD} NULL`);
    await db.query('UPDATE findings SET cause = kind');
    await db.query(`ALTER TABLE findings MODIFY cause varchar(40) ${WORD} NOT NULL`);
    await db.query('ALTER TABLE tenants ADD differsSince datetime(3) NULL');
    await db.query('ALTER TABLE checkouts ADD INDEX checkouts_status (status, createdAt)');
  }

  private async runs(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE reconcile_runs (
      id varchar(64) ${WORD} NOT NULL,
      mode varchar(16) ${WORD} NOT NULL,
      \`trigger\` varchar(16) ${WORD} NOT NULL,
      status varchar(16) ${WORD} NOT NULL DEFAULT 'running',
      active tinyint NULL,
      night varchar(16) ${WORD} NULL,
      progress double NOT NULL DEFAULT '0',
      rowsPerSecond double NOT NULL DEFAULT '0',
      scanned int UNSIGNED NOT NULL DEFAULT '0',
      \`changed\` int UNSIGNED NOT NULL DEFAULT '0',
      lowered int UNSIGNED NOT NULL DEFAULT '0',
      findings int UNSIGNED NOT NULL DEFAULT '0',
      tenantIds json NULL,
      approved tinyint NOT NULL DEFAULT 0,
      braked tinyint NOT NULL DEFAULT 0,
      listed tinyint NOT NULL DEFAULT 0,
      error varchar(1000) ${TEXT} NULL,
      actorType varchar(16) ${WORD} NOT NULL,
      actorId varchar(64) ${WORD} NULL,
      actorName varchar(120) ${TEXT} NOT NULL,
      startedAt datetime(3) NOT NULL,
      finishedAt datetime(3) NULL,
      UNIQUE INDEX reconcile_runs_active (active),
      UNIQUE INDEX reconcile_runs_night (night),
      INDEX reconcile_runs_started (startedAt, id),
      INDEX reconcile_runs_status (status, startedAt),
      CONSTRAINT reconcile_runs_one_active CHECK ((status = 'running') = (active IS NOT NULL)),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE reconcile_windows (
      runId varchar(64) ${WORD} NOT NULL,
      n int UNSIGNED NOT NULL,
      since int UNSIGNED NOT NULL DEFAULT '0',
      until int NOT NULL DEFAULT '0',
      PRIMARY KEY (runId, n)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE reconcile_rows (
      runId varchar(64) ${WORD} NOT NULL,
      subscriptionId varchar(64) ${WORD} NOT NULL,
      customerId varchar(64) ${WORD} NOT NULL,
      readAt datetime(3) NOT NULL,
      reading json NULL,
      INDEX reconcile_rows_customer (runId, customerId),
      PRIMARY KEY (runId, subscriptionId)
    ) ${TABLE}`);
    await db.query(`CREATE TABLE reconcile_changes (
      id varchar(64) ${WORD} NOT NULL,
      runId varchar(64) ${WORD} NOT NULL,
      tenantId varchar(64) ${WORD} NOT NULL,
      fromPlanId varchar(64) ${WORD} NOT NULL,
      toPlanId varchar(64) ${WORD} NOT NULL,
      reason varchar(500) ${TEXT} NOT NULL,
      lowers tinyint NOT NULL DEFAULT 0,
      state varchar(16) ${WORD} NOT NULL DEFAULT 'planned',
      at datetime(3) NOT NULL,
      INDEX reconcile_changes_run (runId, id),
      INDEX reconcile_changes_tenant (tenantId, at),
      PRIMARY KEY (id)
    ) ${TABLE}`);
    for (const [table, name, column, target] of [
      [
        'reconcile_windows',
        'FK_6674b18c9d96249d283f5e1fcd6',
        'runId',
        'reconcile_runs(id) ON DELETE CASCADE ON UPDATE NO ACTION',
      ],
      [
        'reconcile_rows',
        'FK_3da88afdfa27c1989d1de9027a6',
        'runId',
        'reconcile_runs(id) ON DELETE CASCADE ON UPDATE NO ACTION',
      ],
      [
        'reconcile_changes',
        'FK_20238b250b33b9dda89241c705f',
        'runId',
        'reconcile_runs(id) ON DELETE CASCADE ON UPDATE NO ACTION',
      ],
      [
        'reconcile_changes',
        'FK_94b62ed9986c00368f74efb40ee',
        'tenantId',
        'tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION',
      ],
    ])
      await db.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${target}`);
  }

  async down(db: QueryRunner): Promise<void> {
    for (const table of ['reconcile_changes', 'reconcile_rows', 'reconcile_windows', 'reconcile_runs', 'stripe_state'])
      await db.query(`DROP TABLE ${table}`);
    await db.query('ALTER TABLE checkouts DROP INDEX checkouts_status');
    await db.query('ALTER TABLE tenants DROP COLUMN differsSince');
    await db.query('ALTER TABLE findings DROP COLUMN cause');
    await db.query(
      'ALTER TABLE subscriptions DROP INDEX subscriptions_created, DROP COLUMN contentHash, DROP COLUMN createdAt, DROP COLUMN scheduledChange',
    );
    await db.query(`ALTER TABLE leases RENAME TO customer_leases,
      CHANGE name customerId varchar(64) ${WORD} NOT NULL`);
  }
}
