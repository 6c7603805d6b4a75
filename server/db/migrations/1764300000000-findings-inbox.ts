import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

const INDEXES = [
  'findings_risk (atRiskAmount, id)',
  'findings_status_risk (status, atRiskAmount, id)',
  'findings_kind (kind, status, atRiskAmount, id)',
  'findings_cause (cause, status, atRiskAmount, id)',
  'findings_severity (severity, status, atRiskAmount, id)',
  'findings_owner (ownerId, status, atRiskAmount, id)',
  'findings_subscription (subscriptionId)',
  'findings_snoozed (snoozedUntil, id)',
];

/** Findings as an inbox: whose they are, until when they sleep, why they were dismissed, and what closed them. */
export class FindingsInbox1764300000000 implements MigrationInterface {
  name = 'FindingsInbox1764300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE findings
      ADD ownerId varchar(64) ${WORD} NULL,
      ADD snoozedUntil datetime(3) NULL,
      ADD dismissedReason varchar(500) ${TEXT} NULL,
      ADD resolvedBy json NULL,
      ADD occurrences int UNSIGNED NOT NULL DEFAULT '1',
      ${INDEXES.map((index) => `ADD INDEX ${index}`).join(', ')}`);
    await db.query(`ALTER TABLE findings ADD CONSTRAINT FK_c11f07f97574c3fd860a0a93921
      FOREIGN KEY (ownerId) REFERENCES operators(id) ON DELETE SET NULL ON UPDATE NO ACTION`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE findings DROP FOREIGN KEY FK_c11f07f97574c3fd860a0a93921');
    await db.query(`ALTER TABLE findings
      ${INDEXES.map((index) => `DROP INDEX ${index.split(' ')[0]}`).join(', ')},
      DROP COLUMN ownerId, DROP COLUMN snoozedUntil, DROP COLUMN dismissedReason, DROP COLUMN resolvedBy,
      DROP COLUMN occurrences`);
  }
}
