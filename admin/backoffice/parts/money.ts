/** Stripe's minor units, as money; every currency of the demo has two decimals, others are told by Intl. */
export const money = (value?: { amount: number; currency: string } | null): string => {
  if (!value) return '—';
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: value.currency.toUpperCase() });
  return format.format(value.amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
};
