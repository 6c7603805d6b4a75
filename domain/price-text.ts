import type { Money } from './money-at-risk';

/** Stripe goes on counting these in hundredths, though they have none: https://docs.stripe.com/currencies#special-cases */
const HUNDREDTHS = ['ISK', 'UGX'];

/** Making one takes far longer than using it. */
const FORMATS = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, locale: string | undefined): Intl.NumberFormat {
  const key = `${locale}/${currency}`;
  const format = FORMATS.get(key) ?? new Intl.NumberFormat(locale, { style: 'currency', currency });
  FORMATS.set(key, format);
  return format;
}

/** Stripe's minor units as money, with as many decimals as the currency has, as people of `locale` write it. */
export function moneyText({ amount, currency: given }: Money, locale?: string): string {
  const currency = given.toUpperCase();
  const format = formatOf(currency, locale);
  const decimals = HUNDREDTHS.includes(currency) ? 2 : (format.resolvedOptions().maximumFractionDigits ?? 2);
  return format.format(amount / 10 ** decimals);
}
