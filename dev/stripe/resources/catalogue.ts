import { z } from 'zod';
import { invalidRequest, noSuch } from '../errors';
import { endpoint } from '../http/endpoint';
import { listOf } from '../http/list';
import { buildPrice, buildProduct } from '../objects/catalogue';
import {
  clearableText,
  count,
  expand,
  flag,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  paging,
  range,
  text,
  url,
} from '../params/fields';
import { idOf } from '../store/json';
import type { World } from '../world';

const changeableProduct = {
  ...expand,
  active: flag.optional(),
  description: clearableText.optional(),
  metadata: metadata.optional(),
  unit_label: clearableText.optional(),
  url: url.optional(),
};

/** `/v1/products` */
export const products = [
  endpoint('post', '/products', { ...changeableProduct, id: text.optional(), name: text }, ({ world, params }) => {
    if (params.id !== undefined && world.state.products.has(params.id)) {
      throw invalidRequest('Product already exists.', { code: 'resource_already_exists', param: 'id' });
    }
    const product = buildProduct({
      id: params.id,
      created: world.now(),
      name: params.name,
      active: params.active ?? true,
      description: params.description ?? null,
      metadata: mergeMetadata(null, params.metadata),
      unitLabel: params.unit_label ?? null,
      url: params.url ?? null,
    });
    world.state.products.put(product);
    world.emit('product.created', product);
    return product;
  }),
  endpoint(
    'get',
    '/products',
    { ...paging, active: flag.optional(), created: range.optional(), ids: z.array(text).optional() },
    ({ world, params }) =>
      listOf(world.state.products, 'product', '/v1/products', params, {
        where: (one) =>
          (params.active === undefined || one.active === params.active) &&
          (params.ids === undefined || params.ids.includes(one.id)),
      }),
  ),
  endpoint('get', '/products/:id', expand, ({ world, id }) => productOf(world, id)),
  endpoint(
    'post',
    '/products/:id',
    { ...changeableProduct, name: text.optional(), default_price: text.optional() },
    ({ world, id, params }) => {
      const product = productOf(world, id);
      if (params.default_price !== undefined) priceOf(world, params.default_price, 'default_price');
      return world.change(world.state.products, product, 'product.updated', (changed) => {
        if (params.active !== undefined) changed.active = params.active;
        if (params.name !== undefined) changed.name = params.name;
        if (params.description !== undefined) changed.description = params.description;
        if (params.unit_label !== undefined) changed.unit_label = params.unit_label;
        if (params.url !== undefined) changed.url = params.url;
        if (params.default_price !== undefined) changed.default_price = params.default_price;
        if (params.metadata !== undefined) changed.metadata = mergeMetadata(changed.metadata, params.metadata);
        changed.updated = world.now();
      });
    },
  ),
];

const interval = oneOf(['day', 'week', 'month', 'year']);
const changeablePrice = {
  ...expand,
  active: flag.optional(),
  lookup_key: text.optional(),
  metadata: metadata.optional(),
  nickname: clearableText.optional(),
  transfer_lookup_key: flag.optional(),
};

/** `/v1/prices` */
export const prices = [
  endpoint(
    'post',
    '/prices',
    {
      ...changeablePrice,
      currency: text,
      product: text.optional(),
      product_data: z.strictObject({ id: text.optional(), name: text, metadata: metadata.optional() }).optional(),
      recurring: z
        .strictObject({
          interval,
          interval_count: integer.optional(),
          trial_period_days: integer.optional(),
          usage_type: oneOf(['licensed']).optional(),
        })
        .optional(),
      unit_amount: count,
    },
    ({ world, params }) => {
      if (!/^[a-z]{3}$/i.test(params.currency)) {
        throw invalidRequest(`Invalid currency: ${params.currency}.`, { param: 'currency' });
      }
      if ((params.product === undefined) === (params.product_data === undefined)) {
        throw invalidRequest('You must specify exactly one of `product` and `product_data`.', { param: 'product' });
      }
      if (params.product !== undefined) productOf(world, params.product, 'product');
      if (params.lookup_key !== undefined) takeLookupKey(world, params.lookup_key, params.transfer_lookup_key);
      const product = params.product ?? newProduct(world, params.product_data);
      const { recurring } = params;
      const price = buildPrice({
        created: world.now(),
        product,
        currency: params.currency,
        unitAmount: params.unit_amount,
        active: params.active ?? true,
        lookupKey: params.lookup_key ?? null,
        nickname: params.nickname ?? null,
        metadata: mergeMetadata(null, params.metadata),
        recurring: recurring
          ? {
              interval: recurring.interval,
              intervalCount: recurring.interval_count ?? 1,
              trialPeriodDays: recurring.trial_period_days ?? null,
            }
          : null,
      });
      world.state.prices.put(price);
      world.emit('price.created', price);
      return price;
    },
  ),
  endpoint(
    'get',
    '/prices',
    {
      ...paging,
      active: flag.optional(),
      created: range.optional(),
      currency: text.optional(),
      lookup_keys: z.array(text).max(10, 'at most 10 lookup keys').optional(),
      product: text.optional(),
      type: oneOf(['one_time', 'recurring']).optional(),
    },
    ({ world, params }) =>
      listOf(world.state.prices, 'price', '/v1/prices', params, {
        group: params.product,
        where: (one) =>
          (params.active === undefined || one.active === params.active) &&
          (params.currency === undefined || one.currency === params.currency) &&
          (params.type === undefined || one.type === params.type) &&
          (params.lookup_keys === undefined || params.lookup_keys.includes(one.lookup_key ?? '')),
      }),
  ),
  endpoint('get', '/prices/:id', expand, ({ world, id }) => priceOf(world, id)),
  endpoint('post', '/prices/:id', changeablePrice, ({ world, id, params }) => {
    const price = priceOf(world, id);
    if (params.lookup_key !== undefined && params.lookup_key !== price.lookup_key) {
      takeLookupKey(world, params.lookup_key, params.transfer_lookup_key);
    }
    return world.change(world.state.prices, price, 'price.updated', (changed) => {
      if (params.active !== undefined) changed.active = params.active;
      if (params.lookup_key !== undefined) changed.lookup_key = params.lookup_key;
      if (params.nickname !== undefined) changed.nickname = params.nickname;
      if (params.metadata !== undefined) changed.metadata = mergeMetadata(changed.metadata, params.metadata);
    });
  }),
];

function productOf(world: World, id: string, param?: string) {
  const product = world.state.products.get(id);
  if (!product) throw noSuch('product', id, param);
  return product;
}

function priceOf(world: World, id: string, param?: string) {
  const price = world.state.prices.get(id);
  if (!price) throw noSuch('price', id, param);
  return price;
}

/** A lookup key belongs to one price at a time; taking it from another must be asked for. */
function takeLookupKey(world: World, key: string, transfer: boolean | undefined): void {
  const holder = world.state.prices.all().find((price) => price.lookup_key === key);
  if (!holder) return;
  if (!transfer) {
    throw invalidRequest(
      `A price (\`${holder.id}\`) already uses that lookup key. To transfer it to another price, set \`transfer_lookup_key\` to true.`,
      { param: 'lookup_key' },
    );
  }
  world.change(world.state.prices, holder, 'price.updated', (changed) => {
    changed.lookup_key = null;
  });
}

function newProduct(
  world: World,
  data: { id?: string | undefined; name: string; metadata?: z.output<typeof metadata> | undefined } | undefined,
): string {
  const product = buildProduct({
    id: data?.id,
    created: world.now(),
    name: data?.name ?? '',
    metadata: mergeMetadata(null, data?.metadata),
  });
  world.state.products.put(product);
  world.emit('product.created', product);
  return idOf(product);
}
