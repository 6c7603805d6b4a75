import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

/**
 * What was decided of a tenant is kept, so that its plan can be explained as of any date. Of older times nothing is
 * made up: they are told from the plan history.
 */
export class PlanDecisions1764400000000 implements MigrationInterface {
  name = 'PlanDecisions1764400000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TABLE plan_decisions (
      id bigint UNSIGNED NOT NULL AUTO_INCREMENT,
      tenantId varchar(64) ${WORD} NOT NULL,
      planId varchar(64) ${WORD} NOT NULL,
      decision json NOT NULL,
      actorType varchar(16) ${WORD} NOT NULL,
      actorId varchar(64) ${WORD} NULL,
      actorName varchar(120) ${TEXT} NOT NULL,
      eventId varchar(64) ${WORD} NULL,
      runId varchar(64) ${WORD} NULL,
      at datetime(3) NOT NULL,
      INDEX plan_decisions_tenant (tenantId, at, id),
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`);
    await db.query(
      `ALTER TABLE plan_decisions ADD CONSTRAINT FK_7e3d7c08f2c7788999cc9403a45 FOREIGN KEY (tenantId) REFERENCES tenants(id) ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(`ALTER TABLE tenants ADD decisionHash varchar(32) ${WORD} NULL, ADD basePlanSetBy json NULL`);
    await db.query('ALTER TABLE subscriptions ADD changedBy json NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE subscriptions DROP COLUMN changedBy');
    await db.query('ALTER TABLE tenants DROP COLUMN decisionHash, DROP COLUMN basePlanSetBy');
    await db.query('DROP TABLE plan_decisions');
  }
}
