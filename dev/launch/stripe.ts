import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppProcess } from './app-process';
import type { DataDir } from './data-dir';
import { waitForPort } from './ports';
import type { Steps } from './steps';
import type { Teardown } from './teardown';

/** The keys of the local Stripe stand-in, made once and kept. */
export const standInKeys = (data: DataDir) => ({
  STRIPE_SECRET_KEY: data.secret('stripeSecretKey', 'sk_test_'),
  STRIPE_WEBHOOK_SECRET: data.secret('stripeWebhookSecret', 'whsec_'),
});

/** Starts the local Stripe stand-in, which sends its events to `webhookUrl`. Gives its address. */
export async function startStripeStandIn(
  data: DataDir,
  steps: Steps,
  teardown: Teardown,
  webhookUrl: string,
): Promise<string> {
  const port = await data.port('stripe');
  const folder = data.at('stripe');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const env = {
    ...process.env,
    ...standInKeys(data),
    STRIPE_STANDIN_PORT: `${port}`,
    STRIPE_STANDIN_DATA: folder,
    STRIPE_WEBHOOK_URL: webhookUrl,
  };
  const standIn = new AppProcess(data, steps, {
    name: 'stripe',
    script: join('dist', 'dev', 'stripe', 'main.js'),
    env,
    graceMs: 5000,
    ready: () => waitForPort(port, 500),
  });
  await teardown.add('stand-ins', { label: 'the Stripe stand-in', stop: (impatient) => standIn.stop(impatient) });
  await standIn.start();
  return `http://127.0.0.1:${port}`;
}
