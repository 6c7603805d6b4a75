import Redis from 'ioredis';
import { createConnection } from 'mysql2/promise';
import type { DataSource } from 'typeorm';
import { buildPrice, buildProduct, createStandIn, type StandIn } from '../../dev/stripe';
import { catchUp } from '../../server/billing/catch-up';
import { openDatabase } from '../../server/db/data-source';
import { inTransaction } from '../../server/db/transaction';
import { stripeOf } from '../../server/stripe/client';
import { testEnv } from '../support/context';
import { serviceUrl } from '../support/database';
import { aPlan } from '../support/factories';
import { type Agent, startServer, type TestServer } from '../support/server';
import { PLANS } from './catalogue';
import { type History, PRICES } from './commands';
import { type Hand, inProcess, ownProcess } from './crew';
import { Postman } from './postman';
import { SlowFront } from './slow-front';

const SECRET_KEY = 'sk_test_tenantry';
const WEBHOOK_SECRET = 'whsec_tenantry';
const LEASES_RUN_OUT = 'UPDATE leases SET expiresAt = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE holder IS NOT NULL';
/** These outlive a history; everything else is emptied between two. */
const KEPT = ['migrations', 'plans', 'operators', 'operator_sessions'];

/**
 * A whole installation for one history at a time: a stand-in of Stripe, our HTTP side, two workers, a database and a
 * Redis of its own. Lanes share nothing, so that several histories run at once.
 */
export class Lane {
  postman!: Postman;
  /** Something was cut off in this history, which may have left a lease behind. */
  troubled = false;
  private readonly hands: (Hand | null)[] = [null, null];
  private forked = false;
  private offset = 0;

  private constructor(
    readonly server: TestServer,
    readonly standIn: StandIn,
    private readonly front: SlowFront,
    /** One connection that is never cut: for looking, and for what only time would bring. */
    readonly db: DataSource,
    readonly redis: Redis,
    readonly operator: Agent,
    private readonly env: NodeJS.ProcessEnv,
    private readonly tables: readonly string[],
  ) {}

  /** @param index picks the Redis database, so that a flush hurts nobody else */
  static async open(index: number): Promise<Lane> {
    const standIn = createStandIn({ secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET });
    await standIn.start();
    const front = await SlowFront.open(standIn.app);
    const redisUrl = new URL(serviceUrl('TEST_REDIS_URL'));
    redisUrl.pathname = `/${index + 1}`;
    const settings = {
      REDIS_URL: redisUrl.href,
      STRIPE_API_BASE: front.url,
      STRIPE_SECRET_KEY: SECRET_KEY,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_MAX_RPS: '1000',
      STRIPE_MAX_RPS_TOTAL: '1000',
      LOG_LEVEL: process.env.CHAOS_LOG ?? 'silent',
    };
    const server = await startServer(settings);
    const { databaseUrl } = server.context.config;
    const db = await openDatabase(databaseUrl, { poolSize: 1 });
    for (const { id, kind, rank, seats, seatsFromQuantity, lookupKey, prices } of PLANS.slice(1))
      await aPlan(server.context, {
        ...{ id, kind, rank, seatsFromQuantity, seatLimit: seats, stripeLookupKey: lookupKey },
        stripePriceIds: [...prices],
      });
    const rows: { name: string }[] = await db.query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
    );
    const tables = rows.map(({ name }) => name).filter((name) => !KEPT.includes(name));
    const { agent } = await server.signIn('admin');
    const env = testEnv({ ...settings, DATABASE_URL: databaseUrl });
    return new Lane(server, standIn, front, db, new Redis(redisUrl.href), agent, env, tables);
  }

  get context() {
    return this.server.context;
  }

  get stripe() {
    return this.standIn.world;
  }

  now = (): number => +this.context.now();

  /** An empty world at today's date, with two workers. */
  async begin({ forked, dunning }: Pick<History, 'forked' | 'dunning'>): Promise<void> {
    this.server.clock.advance(-this.offset);
    this.offset = 0;
    await this.db.query('SET FOREIGN_KEY_CHECKS = 0');
    for (const table of this.tables) await this.db.query('DELETE FROM ??', [table]);
    for (const { id, prices } of PLANS)
      for (const price of prices)
        await this.db.query('INSERT INTO plan_prices (priceId, planId) VALUES (?, ?)', [price, id]);
    await this.db.query('SET FOREIGN_KEY_CHECKS = 1');
    await this.redis.flushdb();
    this.stripe.state.reset();
    this.stripe.calmDown();
    this.stripe.dunning = { retries: 2, everyDays: 3, outcome: dunning };
    this.loadPrices();
    this.postman = new Postman(this.stripe.state, `${this.server.url}/webhooks/stripe`, WEBHOOK_SECRET);
    this.troubled = false;
    this.forked = forked;
    if (forked) await this.dismiss(1);
    if (forked) this.hands[1] = await ownProcess(this.env, this.offset);
    await this.bringBack();
    // As workers do when they start: what happens from now on is read from Stripe's list, if nothing tells of it.
    await catchUp(this.context, stripeOf(this.context.config));
  }

  private loadPrices(): void {
    const created = this.stripe.now();
    const product = buildProduct({ id: 'prod_chaos', created, name: 'Product' });
    const prices = PRICES.map((id, index) =>
      buildPrice({
        id,
        created,
        product: product.id,
        currency: 'eur',
        unitAmount: 1000 * (index + 1),
        lookupKey: id === 'price_team' ? 'team_monthly' : null,
        recurring: { interval: id.endsWith('_year') ? 'year' : 'month' },
      }),
    );
    this.stripe.state.load({ products: [product], prices });
  }

  /** Ends all trouble that Stripe makes. */
  async calm(): Promise<void> {
    Object.assign(this.stripe.faults, { failNext: 0, rateLimitNext: 0, lockTimeoutNext: 0, timeoutNext: 0 });
    this.front.holdNext(null);
    await this.front.idle();
  }

  private async dismiss(index: number): Promise<void> {
    const hand = this.hands[index];
    this.hands[index] = null;
    await hand?.stop();
  }

  /** Starts anew, in this process, the workers that are gone. */
  async bringBack(): Promise<void> {
    for (const [index, hand] of this.hands.entries()) this.hands[index] = hand ?? (await inProcess(this.context));
  }

  /** Cuts a worker off in the middle of what it does. What it held is free again, as after a minute. */
  async kill(index: number): Promise<void> {
    const hand = this.hands[index];
    if (!hand) return;
    this.hands[index] = null;
    this.troubled = true;
    await hand.kill();
    this.ended.push(hand);
    await this.passMinute();
  }

  private ended: Hand[] = [];

  /**
   * What a minute of waiting would bring after a worker died or Redis forgot: leases run out, the queue gives up on jobs
   * that nobody renews, and rows that were handed are handed again.
   */
  async passMinute(): Promise<void> {
    await inTransaction(this.db, async (tx) => {
      await tx.query(LEASES_RUN_OUT);
      await tx.query("UPDATE outbox SET dueAt = UTC_TIMESTAMP(3) WHERE status = 'open'");
    });
    const stuck = await this.redis.keys('{tenantry}:*:lock');
    await this.redis.del('{tenantry}:billing:active', '{tenantry}:mail:active', ...stuck);
  }

  /**
   * The next that reads a customer's subscriptions is held up with the answer in its hands, for `ms`, and meanwhile
   * loses every right to write it down.
   */
  stallReader(ms: number): void {
    this.front.holdNext({
      path: '/v1/subscriptions',
      ms,
      whenHeld: () => void this.loseLeases().catch(() => undefined),
    });
  }

  private loseLeases(): Promise<unknown> {
    return inTransaction(this.db, (tx) => tx.query(LEASES_RUN_OUT));
  }

  async flushRedis(): Promise<void> {
    await this.redis.flushdb();
    await this.passMinute();
  }

  /** Ends every connection to our database but our own. */
  async cutDatabase(): Promise<void> {
    this.troubled = true;
    const [{ mine, name }] = await this.db.query('SELECT CONNECTION_ID() AS mine, DATABASE() AS name');
    const admin = await createConnection({ uri: serviceUrl('TEST_DATABASE_URL') });
    const [rows] = await admin.query(
      'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = ? AND ID NOT IN (?, CONNECTION_ID())',
      [name, mine],
    );
    // One that has gone by itself meanwhile can't be killed.
    for (const { id } of rows as { id: number }[]) await admin.query('KILL ?', [id]).catch(() => undefined);
    await admin.end();
    await this.connected();
  }

  /** Until our HTTP side has found out which of its connections are gone: what operators ask for is not to fail. */
  private async connected(): Promise<void> {
    const probe = () => Promise.all(Array.from({ length: 10 }, () => this.context.db.query('SELECT 1')));
    for (let tries = 1; tries <= 20; tries += 1) if (await probe().then(Boolean, () => false)) return;
    throw new Error('The database does not come back.');
  }

  /** Moves every clock on, Stripe's with ours. */
  async passTime(ms: number): Promise<void> {
    this.offset += ms;
    // At one and the same time, or one of them would see the other's future.
    this.server.clock.advance(ms);
    this.standIn.advance(ms / 1000);
    for (const hand of this.hands) await hand?.setClock(this.offset);
  }

  /** Workers go on to the next history, but for those that are a process, or may have lost a connection unawares. */
  async end(): Promise<void> {
    if (this.troubled) await this.dismiss(0);
    if (this.troubled || this.forked) await this.dismiss(1);
    await Promise.all(this.ended.map((hand) => hand.stop()));
    this.ended = [];
  }

  async close(): Promise<void> {
    await this.end();
    for (const index of this.hands.keys()) await this.dismiss(index);
    this.redis.disconnect();
    await this.db.destroy();
    await this.front.close();
    await this.standIn.stop();
    await this.server.close();
  }
}
