import type { MigrationInterface, QueryRunner } from 'typeorm';

const WORD = 'CHARACTER SET ascii COLLATE ascii_bin';

/**
 * What the catalogue's questions need: who pays a price, what an event led to, events by their source, and where those
 * on a retired plan go.
 */
export class PlanCatalogue1764700000000 implements MigrationInterface {
  name = 'PlanCatalogue1764700000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE subscriptions ADD INDEX subscriptions_price (priceId)');
    await db.query('ALTER TABLE plan_changes ADD INDEX plan_changes_event (eventId)');
    await db.query('ALTER TABLE stripe_events ADD INDEX stripe_events_source (source, receivedAt)');
    await db.query(`ALTER TABLE plans ADD successorId varchar(64) ${WORD} NULL`);
    await db.query(`ALTER TABLE plans ADD CONSTRAINT FK_69aedd1bed42ce938ceca15bfd0
      FOREIGN KEY (successorId) REFERENCES plans(id) ON DELETE NO ACTION ON UPDATE NO ACTION`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE plans DROP FOREIGN KEY FK_69aedd1bed42ce938ceca15bfd0');
    await db.query('ALTER TABLE plans DROP COLUMN successorId');
    await db.query('ALTER TABLE stripe_events DROP INDEX stripe_events_source');
    await db.query('ALTER TABLE plan_changes DROP INDEX plan_changes_event');
    await db.query('ALTER TABLE subscriptions DROP INDEX subscriptions_price');
  }
}
