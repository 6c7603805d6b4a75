import type { CataloguePlan } from '../../domain/plan';

export interface SeedPlan extends CataloguePlan {
  description: string;
  features: string[];
  priceText: string;
  /** Minor units a month; null where Stripe has no price. */
  amount: number | null;
}

/** The demo's catalogue: free, two plans paid through Stripe, and one by contract. */
export const SEED_PLANS: SeedPlan[] = [
  {
    id: 'free',
    name: 'Free',
    kind: 'free',
    rank: 0,
    isDefault: true,
    stripePriceIds: [],
    stripeLookupKey: null,
    seatsFromQuantity: false,
    seatLimit: null,
    description: 'For trying things out.',
    features: ['Unlimited projects', 'Community support'],
    priceText: 'Free',
    amount: null,
  },
  {
    id: 'starter',
    name: 'Starter',
    kind: 'stripe',
    rank: 10,
    isDefault: false,
    stripePriceIds: ['price_starter_monthly'],
    stripeLookupKey: 'starter_monthly',
    seatsFromQuantity: false,
    seatLimit: 10,
    description: 'For small teams.',
    features: ['10 seats', 'E-mail support', 'Exports'],
    priceText: '€29 a month',
    amount: 2900,
  },
  {
    id: 'business',
    name: 'Business',
    kind: 'stripe',
    rank: 20,
    isDefault: false,
    stripePriceIds: ['price_business_monthly'],
    stripeLookupKey: 'business_monthly',
    seatsFromQuantity: false,
    seatLimit: 50,
    description: 'For growing companies.',
    features: ['50 seats', 'Priority support', 'Single sign-on', 'Audit trail'],
    priceText: '€99 a month',
    amount: 9900,
  },
  {
    id: 'custom',
    name: 'Custom',
    kind: 'custom',
    rank: 30,
    isDefault: false,
    stripePriceIds: [],
    stripeLookupKey: null,
    seatsFromQuantity: false,
    seatLimit: null,
    description: 'By contract, made to measure.',
    features: ['Unlimited seats', 'Named contact', 'Uptime agreement'],
    priceText: 'By contract',
    amount: null,
  },
];
