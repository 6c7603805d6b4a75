import type Stripe from 'stripe';
import { newId } from '../store/ids';

/** Stripe's test cards, by the token that makes one: what happens when such a card is charged later. */
const TEST_CARDS = {
  pm_card_visa: { last4: '4242', charge: 'paid' },
  pm_card_mastercard: { last4: '4444', charge: 'paid' },
  pm_card_chargeCustomerFail: { last4: '0341', charge: 'declined' },
  pm_card_authenticationRequired: { last4: '3184', charge: 'requires_action' },
} as const;

export type TestCard = keyof typeof TEST_CARDS;
export type ChargeOutcome = (typeof TEST_CARDS)[TestCard]['charge'];

export const isTestCard = (token: string): token is TestCard => Object.hasOwn(TEST_CARDS, token);

/** What charging a payment method leads to, by the last digits of its card as in Stripe's test mode. */
export function outcomeOf(method: Stripe.PaymentMethod): ChargeOutcome {
  const last4 = method.card?.last4;
  return Object.values(TEST_CARDS).find((card) => card.last4 === last4)?.charge ?? 'paid';
}

export interface NewPaymentMethod {
  created: number;
  customer: string | null;
  card?: TestCard;
  email?: string | null;
  name?: string | null;
}

export function buildPaymentMethod(input: NewPaymentMethod): Stripe.PaymentMethod {
  const token = input.card ?? 'pm_card_visa';
  const brand = token === 'pm_card_mastercard' ? 'mastercard' : 'visa';
  return {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: null,
      email: input.email ?? null,
      name: input.name ?? null,
      phone: null,
      tax_id: null,
    },
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      exp_year: new Date(input.created * 1000).getUTCFullYear() + 3,
      fingerprint: newId('fp').slice(3, 19),
      funding: 'credit',
      generated_from: null,
      last4: TEST_CARDS[token].last4,
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: input.created,
    customer: input.customer,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  };
}
