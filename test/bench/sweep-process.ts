import type { SubscriptionPage } from '../../server/stripe/list-page';
import { sweepWorld } from './sweep-world';

/**
 * A process that sweeps the list at `LIST_URL` and tells its parent ever so often how far the listing is (0 to 1), and
 * its resident memory in megabytes.
 */
const EVERY_MS = 250;

async function main(): Promise<void> {
  const count = Number(process.env.COUNT);
  const world = await sweepWorld(process.env.LIST_URL!, 0);
  const begin = performance.now();
  let scanned = 0;
  const ask = world.stripe.rawRequest.bind(world.stripe);
  world.stripe.rawRequest = async (...given) => {
    const page: SubscriptionPage = await ask(...given);
    scanned += page.data.length;
    return page;
  };
  const tell = () => process.send?.({ share: scanned / count, mb: process.memoryUsage().rss / 2 ** 20 });
  tell();
  const timer = setInterval(tell, EVERY_MS);
  const { run } = await world.sweep();
  clearInterval(timer);
  if (run.scanned !== count) throw new Error(`Of ${count} subscriptions ${run.scanned} were read.`);
  console.log(`${count} subscriptions in ${Math.round((performance.now() - begin) / 1000)} s`);
  await world.close();
  process.disconnect();
}

void main();
