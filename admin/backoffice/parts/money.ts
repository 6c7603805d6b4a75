/** An amount in the currency's minor unit, as Stripe tells it. */
export interface Money {
  amount: number;
  currency: string;
}

/** Stripe goes on counting these in hundredths, though they have none: https://docs.stripe.com/currencies#special-cases */
const HUNDREDTHS = ['ISK', 'UGX'];

/** Stripe's minor units as money, with as many decimals as the currency has; a dash where there is none. */
export const money = (value?: Money | null): string => {
  if (!value) return '—';
  const currency = value.currency.toUpperCase();
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  const decimals = HUNDREDTHS.includes(currency) ? 2 : (format.resolvedOptions().maximumFractionDigits ?? 2);
  return format.format(value.amount / 10 ** decimals);
};
