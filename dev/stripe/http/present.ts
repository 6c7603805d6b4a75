/** Lists inside an object, and how much of them Stripe shows; the rest stands behind the list's own address. */
const CUTS: Record<string, { field: string; most: number }> = {
  subscription: { field: 'items', most: 20 },
  invoice: { field: 'lines', most: 10 },
};

interface NestedList {
  data: unknown[];
  has_more: boolean;
}

/** An object, or a list of them, as Stripe shows it: nested lists that are too long are cut short. */
export function present(value: object): object {
  if ('object' in value && 'data' in value && Array.isArray(value.data)) {
    const data: unknown[] = value.data;
    const shown = data.map((one) => (typeof one === 'object' && one !== null ? cut(one) : one));
    return shown.every((one, index) => one === data[index]) ? value : { ...value, data: shown };
  }
  return cut(value);
}

function cut(value: object): object {
  const rule = 'object' in value ? CUTS[String(value.object)] : undefined;
  const list = rule && (value as Record<string, NestedList | undefined>)[rule.field];
  if (!list || list.data.length <= rule.most) return value;
  return { ...value, [rule.field]: { ...list, data: list.data.slice(0, rule.most), has_more: true } };
}
