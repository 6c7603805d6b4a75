import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';

const OVERRIDE_INDEXES = ['overrides_plan (planId, endsAt, id)', 'overrides_note_due (noteDueAt)'];

/** Who is proven equal to Stripe can be counted, day by day; the end of an override is told before it comes. */
export class Convergence1764600000000 implements MigrationInterface {
  name = 'Convergence1764600000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE convergence_days (
      day varchar(10) ${WORD} NOT NULL,
      tenants int UNSIGNED NOT NULL DEFAULT '0',
      proven int UNSIGNED NOT NULL DEFAULT '0',
      countedAt datetime(3) NOT NULL,
      PRIMARY KEY (day)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(
      'ALTER TABLE tenants ADD INDEX tenants_synced (lastSyncedAt, createdAt), ADD INDEX tenants_differs (differsSince)',
    );
    await db.query(`ALTER TABLE overrides ADD noteDueAt datetime(3) NULL, ADD notedAt datetime(3) NULL,
      ${OVERRIDE_INDEXES.map((index) => `ADD INDEX ${index}`).join(', ')}`);
    // Those that run now are told of as new ones are: three days before the end, or half-way through a short one.
    await db.query(`UPDATE overrides
      SET noteDueAt = GREATEST(
        endsAt - INTERVAL 3 DAY,
        startsAt + INTERVAL TIMESTAMPDIFF(MICROSECOND, startsAt, endsAt) / 2 MICROSECOND
      )
      WHERE endedAt IS NULL AND endsAt > UTC_TIMESTAMP(3)`);
  }

  async down(db: QueryRunner): Promise<void> {
    // The foreign key needs an index of its own again before this one goes.
    await db.query('ALTER TABLE overrides ADD INDEX FK_d8f332f2bdb84e48be1d291f5d4 (planId)');
    await db.query(`ALTER TABLE overrides
      ${OVERRIDE_INDEXES.map((index) => `DROP INDEX ${index.split(' ')[0]}`).join(', ')},
      DROP COLUMN noteDueAt, DROP COLUMN notedAt`);
    await db.query('ALTER TABLE tenants DROP INDEX tenants_synced, DROP INDEX tenants_differs');
    await db.query('DROP TABLE convergence_days');
  }
}
