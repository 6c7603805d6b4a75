/** A parsed form: text, lists and named parts, nested. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = Record<string, FormValue>;

type Tree = Map<string, string | Tree>;

/**
 * Parses `a[b][0][c]=d` as Stripe does: brackets nest; numbered keys, and `a[]`, make lists.
 * A body of another shape simply yields keys that no endpoint knows, and is refused there.
 */
export function parseForm(text: string): Form {
  const root: Tree = new Map();
  for (const [name, value] of new URLSearchParams(text)) insert(root, pathOf(name), value);
  return Object.fromEntries([...root].map(([key, value]) => [key, settle(value)]));
}

/** `items[0][price]` → ['items', '0', 'price']. */
function pathOf(name: string): string[] {
  const bracket = name.indexOf('[');
  if (bracket <= 0 || !name.endsWith(']')) return [name];
  return [name.slice(0, bracket), ...name.slice(bracket + 1, -1).split('][')];
}

function insert(tree: Tree, path: string[], value: string): void {
  const [head = '', ...rest] = path;
  const key = head === '' ? String(tree.size) : head;
  if (rest.length === 0) {
    tree.set(key, value);
    return;
  }
  const below = tree.get(key);
  const branch: Tree = below instanceof Map ? below : new Map();
  tree.set(key, branch);
  insert(branch, rest, value);
}

function settle(value: string | Tree): FormValue {
  if (typeof value === 'string') return value;
  const keys = [...value.keys()];
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) return [...value.values()].map(settle);
  return Object.fromEntries([...value].map(([key, below]) => [key, settle(below)]));
}
