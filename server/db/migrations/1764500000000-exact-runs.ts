import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

const COUNTS = ['raised', 'applied', 'stale', 'failed', 'open', 'openLowers'];
const PEOPLE = ['requestedById', 'appliedById', 'undoesId'];
const NAMES = ['requestedByName', 'appliedByName'];
const MOMENTS = ['requestedAt', 'appliedAt', 'undoUntil'];
const INDEXES = [
  'reconcile_changes_risk (runId, atRiskAmount, id)',
  'reconcile_changes_state (runId, state, atRiskAmount, id)',
  'reconcile_changes_lowers (runId, lowers, atRiskAmount, id)',
  'reconcile_changes_run_tenant (runId, tenantId)',
];
const nameOf = (index: string) => index.split(' ')[0];

/** Runs that are applied exactly as planned: what each row was decided from, who approved it, and what takes it back. */
export class ExactRuns1764500000000 implements MigrationInterface {
  name = 'ExactRuns1764500000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE reconcile_runs
      ${COUNTS.map((name) => `ADD \`${name}\` int UNSIGNED NOT NULL DEFAULT '0'`).join(', ')},
      ${PEOPLE.map((name) => `ADD ${name} varchar(64) ${WORD} NULL`).join(', ')},
      ${NAMES.map((name) => `ADD ${name} varchar(120) ${TEXT} NULL`).join(', ')},
      ${MOMENTS.map((name) => `ADD ${name} datetime(3) NULL`).join(', ')},
      ADD atRisk json NULL,
      ADD undoReason varchar(500) ${TEXT} NULL,
      ADD INDEX reconcile_runs_undoes (undoesId)`);
    await db.query(`ALTER TABLE reconcile_rows
      ADD namesTenantId varchar(64) ${WORD} NULL,
      ADD INDEX reconcile_rows_tenant (runId, namesTenantId)`);
    await db.query(`ALTER TABLE reconcile_changes
      ADD subscriptionId varchar(64) ${WORD} NULL,
      ADD customerId varchar(64) ${WORD} NULL,
      ADD atRiskAmount bigint NULL,
      ADD atRiskCurrency varchar(3) ${WORD} NULL,
      ADD note varchar(500) ${TEXT} NULL,
      ADD basis json NULL,
      ADD effect varchar(8) ${WORD} NULL,
      ADD overrideId varchar(64) ${WORD} NULL,
      ${INDEXES.map((index) => `ADD INDEX ${index}`).join(', ')}`);
    // What was planned before is bound to nothing: it has to be planned anew.
    await db.query(`UPDATE reconcile_changes SET state = 'stale',
      note = 'Planned before plans kept what they were decided from.' WHERE state = 'planned'`);
    await db.query(`ALTER TABLE findings
      ADD runId varchar(64) ${WORD} NULL,
      ADD INDEX findings_run (runId, atRiskAmount, id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE findings DROP INDEX findings_run, DROP COLUMN runId');
    const changes = [
      'subscriptionId',
      'customerId',
      'atRiskAmount',
      'atRiskCurrency',
      'note',
      'basis',
      'effect',
      'overrideId',
    ];
    await db.query(`ALTER TABLE reconcile_changes
      ${INDEXES.map((index) => `DROP INDEX ${nameOf(index)}`).join(', ')},
      ${changes.map((name) => `DROP COLUMN ${name}`).join(', ')}`);
    await db.query('ALTER TABLE reconcile_rows DROP INDEX reconcile_rows_tenant, DROP COLUMN namesTenantId');
    const runs = [...COUNTS, ...PEOPLE, ...NAMES, ...MOMENTS, 'atRisk', 'undoReason'];
    await db.query(`ALTER TABLE reconcile_runs DROP INDEX reconcile_runs_undoes,
      ${runs.map((name) => `DROP COLUMN \`${name}\``).join(', ')}`);
  }
}
