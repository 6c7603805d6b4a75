import type Stripe from 'stripe';
import { snapshot } from '../../dev/stripe/store/json';
import { stripeCause } from '../../server/billing/cause';
import { Finding } from '../../server/billing/finding.entity';
import { Subscription } from '../../server/billing/subscription.entity';
import { syncCustomer } from '../../server/billing/sync-customer';
import { OutboxRow } from '../../server/jobs/outbox.entity';
import { driveRun } from '../../server/reconcile/drive-run';
import { ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { decideTenantProcessor } from '../../workers/decide-tenant';
import { processJob } from '../../workers/processor';
import { syncCustomerProcessor } from '../../workers/sync-customer';
import { DAY } from '../support/clock';
import { aPlan } from '../support/factories';
import { type BillingWorld, billingWorld, until } from './billing-world';

/** How we hear of what happened in Stripe: webhooks and the jobs that they owe, a sync of each customer, or a sweep. */
export const WAYS = ['events', 'sync', 'sweep'] as const;
export type Way = (typeof WAYS)[number];

const actor = { type: 'operator' as const, id: null, name: 'Tess' };
const PROCESSORS = { 'sync-customer': syncCustomerProcessor, 'decide-tenant': decideTenantProcessor };

/** One world for many cases: each begins with `reset`, changes Stripe, and looks at what `follow` made of it. */
export class CasesWorld {
  private way: Way = 'events';
  private passed = 0;
  private readonly kept: { products: Stripe.Product[]; prices: Stripe.Price[] };

  private constructor(readonly made: BillingWorld) {
    const { products, prices } = made.standIn.state;
    this.kept = snapshot({ products: products.all(), prices: prices.all() });
  }

  static async open(): Promise<CasesWorld> {
    return new CasesWorld(await billingWorld());
  }

  close(): Promise<void> {
    return this.made.close();
  }

  /** Forgets all but the plans and their prices, in Stripe and here, and moves both clocks back. */
  async reset(way: Way): Promise<void> {
    const { context, clock, standIn, prices } = this.made;
    await this.delivered();
    standIn.state.reset();
    standIn.world.calmDown();
    standIn.state.load(snapshot(this.kept));
    standIn.world.faults.dropWebhooks = way !== 'events';
    this.way = way;
    clock.advance(-this.passed);
    this.passed = 0;
    await this.wipe();
    await aPlan(context, { id: 'starter', rank: 10, stripePriceIds: [prices.starter] });
    await aPlan(context, { id: 'business', rank: 20, stripePriceIds: [prices.business] });
  }

  private async wipe(): Promise<void> {
    await this.made.context.db.transaction(async (tx) => {
      const tables: { name: string }[] = await tx.query(
        `SELECT table_name AS name FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name NOT IN ('plans', 'migrations')`,
      );
      await tx.query('SET FOREIGN_KEY_CHECKS = 0');
      for (const { name } of tables) await tx.query(`DELETE FROM \`${name}\``);
      await tx.query("DELETE FROM plans WHERE id <> 'free'");
      await tx.query('SET FOREIGN_KEY_CHECKS = 1');
    });
  }

  /** Lets time pass in Stripe, which does what it brings, and here, where nobody looks yet. */
  pass(days: number): void {
    this.made.standIn.advance(days * 86_400);
    this.made.clock.advance(days * DAY);
    this.passed += days * DAY;
  }

  /** Hears of what happened in Stripe, in the way of this case. */
  async follow(): Promise<void> {
    const { context, stripe, standIn } = this.made;
    if (this.way === 'events') return this.workOff();
    if (this.way === 'sync') {
      const { customers, deletedCustomers } = standIn.state;
      for (const id of [...customers.all().map((one) => one.id), ...deletedCustomers])
        await syncCustomer(context, stripe, id, stripeCause);
      return;
    }
    const id = await startRun(context, { mode: 'apply', trigger: 'operator', actor });
    await driveRun(context, stripe);
    const run = await context.db.getRepository(ReconcileRun).findOneByOrFail({ id });
    expect(run).toMatchObject({ status: 'done', braked: false, error: null });
  }

  private async delivered(): Promise<void> {
    const { deliveries } = this.made.standIn.state;
    await until(async () => [...deliveries.values()].every(({ state }) => state !== 'pending'));
  }

  private async workOff(): Promise<void> {
    const { context, stripe } = this.made;
    const tools = { context, stripe, transport: undefined as never };
    await this.delivered();
    const open = await context.db.getRepository(OutboxRow).find({ where: { status: 'open' }, order: { id: 'ASC' } });
    for (const { id, kind, subject } of open)
      await processJob(tools, PROCESSORS, { name: kind, data: { outboxId: id, alsoIds: [], subject } });
  }

  /** A customer of a tenant, with a card that pays unless told. */
  customer(tenantId: string, { card = true } = {}): Promise<Stripe.Customer> {
    const paying = { payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' } };
    return this.made.stripe.customers.create({ metadata: { tenantId }, ...(card ? paying : {}) });
  }

  /** What the cards of a customer do from now on. */
  cards(customerId: string, verdict: 'pay' | 'fail'): void {
    for (const method of this.made.standIn.state.paymentMethods.inGroup(customerId))
      method.card!.last4 = verdict === 'pay' ? '4242' : '0341';
  }

  subscribe(
    customerId: string,
    price = this.made.prices.starter,
    more: Partial<Stripe.SubscriptionCreateParams> & { quantity?: number } = {},
  ): Promise<Stripe.Subscription> {
    const { quantity = 1, ...given } = more;
    return this.made.stripe.subscriptions.create({ customer: customerId, items: [{ price, quantity }], ...given });
  }

  /** Puts a whole subscription into Stripe, with its event. */
  load(subscription: Stripe.Subscription): void {
    this.made.standIn.state.subscriptions.put(subscription);
    this.made.standIn.world.emit('customer.subscription.created', subscription);
  }

  /** Changes a subscription in Stripe in a way that no request can. */
  change(id: string, mutate: (subscription: Stripe.Subscription) => void): void {
    const { state, world } = this.made.standIn;
    world.changeSubscription(state.subscriptions.get(id)!, mutate);
  }

  tenant(id: string): Promise<Tenant> {
    return this.made.context.db.getRepository(Tenant).findOneByOrFail({ id });
  }

  mirror(id: string): Promise<Subscription> {
    return this.made.context.db.getRepository(Subscription).findOneByOrFail({ id });
  }

  /** Kinds of the open findings of a tenant. */
  async findings(tenantId: string): Promise<string[]> {
    const open = await this.made.context.db.getRepository(Finding).findBy({ tenantId, status: 'open' });
    return open.map(({ kind }) => kind as string).sort();
  }
}
