import { fork } from 'node:child_process';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { buildCustomer, buildSubscription } from '../../dev/stripe';
import { applyRun } from '../../server/reconcile/change-run';
import { type DriveOptions, driveRun } from '../../server/reconcile/drive-run';
import { ReconcileRun } from '../../server/reconcile/reconcile-run.entity';
import { type NewRun, startRun } from '../../server/reconcile/start-run';
import { Tenant } from '../../server/tenants/tenant.entity';
import { testEnv } from '../support/context';
import { aTenant } from '../support/factories';
import { type BillingWorld, billingWorld } from './billing-world';

export interface Bought {
  tenantId: string;
  customerId: string;
  subscriptionId: string;
}

const actor = { type: 'operator' as const, id: null, name: 'Tess' };
export const seconds = () => Math.floor(Date.now() / 1000);

/** Sweeps over an account that no webhook told of, and what one needs to see what becomes of it. */
export class SweepWorld {
  private constructor(readonly billing: BillingWorld) {}

  static async start(): Promise<SweepWorld> {
    const billing = await billingWorld();
    billing.standIn.world.faults.dropWebhooks = true;
    return new SweepWorld(billing);
  }

  get context() {
    return this.billing.context;
  }
  get stripe() {
    return this.billing.stripe;
  }
  get standIn() {
    return this.billing.standIn;
  }
  get prices() {
    return this.billing.prices;
  }
  get runs() {
    return this.context.db.getRepository(ReconcileRun);
  }

  close = (): Promise<void> => this.billing.close();

  tenantNow = (id: string): Promise<Tenant> => this.context.db.getRepository(Tenant).findOneByOrFail({ id });

  start = (run: Partial<NewRun> = {}): Promise<string> =>
    startRun(this.context, { mode: 'apply', trigger: 'operator', actor, ...run });

  sweep = async (run: Partial<NewRun> = {}, options: DriveOptions = {}): Promise<ReconcileRun> => {
    const id = await this.start(run);
    await driveRun(this.context, this.stripe, options);
    return this.runs.findOneByOrFail({ id });
  };

  apply = async (id: string, confirm = 'lower 1 tenant'): Promise<ReconcileRun> => {
    await applyRun(this.context, actor, id, confirm);
    await driveRun(this.context, this.stripe);
    return this.runs.findOneByOrFail({ id });
  };

  /** A process that drives the run under way, to be killed while it does. */
  driveElsewhere = () => {
    const { databaseUrl, redisUrl, stripe } = this.context.config;
    const settings = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      STRIPE_API_BASE: stripe.apiBase,
      STRIPE_MAX_RPS: '1000',
      STRIPE_MAX_RPS_TOTAL: '1000',
    };
    return fork(join(__dirname, 'sweep-process.ts'), {
      execArgv: ['-r', join(__dirname, '../../dev/launch/swc-register.cjs')],
      env: { ...process.env, ...testEnv(), ...settings },
    });
  };

  /** The lease of a process that was killed, as if its time had run out. */
  outliveLease = () => this.context.db.query(`UPDATE leases SET expiresAt = UTC_TIMESTAMP(3) WHERE holder IS NOT NULL`);

  /** A subscription in Stripe alone, as if its webhook had been lost, made `ago` seconds before now. */
  bought = async (
    ago: number,
    options: { tenantId?: string; customerId?: string; price?: string } = {},
  ): Promise<Bought> => {
    const { state } = this.standIn;
    const tenantId = options.tenantId ?? (await aTenant(this.context)).id;
    const created = seconds() - ago;
    const customer = options.customerId
      ? state.customers.get(options.customerId)!
      : state.customers.put(buildCustomer({ created, metadata: { tenantId } }));
    const subscription = buildSubscription({
      created,
      customer: customer.id,
      status: 'active',
      period: { start: created, end: seconds() + 86_400 },
      items: [{ price: state.prices.get(options.price ?? this.prices.starter)!, quantity: 1 }],
    });
    state.subscriptions.put(subscription);
    return { tenantId, customerId: customer.id, subscriptionId: subscription.id };
  };

  many = async (count: number, gap = 3600, options: { tenantId?: string } = {}): Promise<Bought[]> => {
    const all: Bought[] = [];
    for (let i = 0; i < count; i += 1) all.push(await this.bought(gap * (i + 1), options));
    return all;
  };

  change = (id: string, mutate: (subscription: Stripe.Subscription) => void): void =>
    mutate(this.standIn.state.subscriptions.get(id)!);

  cancel = (id: string): void =>
    this.change(id, (subscription) => {
      subscription.status = 'canceled';
      subscription.ended_at = seconds();
    });

  /** Moves a subscription to another price in Stripe. */
  reprice = (id: string, price: string): void =>
    this.change(id, (subscription) => {
      subscription.items.data[0]!.price = this.standIn.state.prices.get(price)!;
    });
}
