const number = new Intl.NumberFormat('en');

/** A count with its noun: `1 tenant`, `1,204 tenants`. */
export const counted = (n: number, noun: string): string => `${number.format(n)} ${n === 1 ? noun : `${noun}s`}`;
