import { z } from 'zod';
import { createStandIn } from './index';

/** Runs the stand-in as a process of its own, until SIGTERM, SIGINT or its parent's end. */

const settings = z.object({
  STRIPE_STANDIN_PORT: z.coerce.number().int().min(1).max(65_535),
  STRIPE_STANDIN_HOST: z.string().default('127.0.0.1'),
  /** Where its state is kept; without it, nothing outlives the process. */
  STRIPE_STANDIN_DATA: z.string().min(1).optional(),
  STRIPE_WEBHOOK_URL: z.url().optional(),
  STRIPE_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  STRIPE_SECRET_KEY: z.string().regex(/^(sk|rk)_test_/, 'must begin with sk_test_: the stand-in is never live'),
});

async function main(): Promise<void> {
  const checked = settings.safeParse(process.env);
  if (!checked.success) {
    console.error(`The Stripe stand-in cannot start. Set these and start again:\n${z.prettifyError(checked.error)}`);
    process.exitCode = 1;
    return;
  }
  const env = checked.data;
  const standIn = createStandIn({
    host: env.STRIPE_STANDIN_HOST,
    port: env.STRIPE_STANDIN_PORT,
    ...(env.STRIPE_STANDIN_DATA === undefined ? {} : { dataDirectory: env.STRIPE_STANDIN_DATA }),
    webhookUrl: env.STRIPE_WEBHOOK_URL,
    webhookSecret: env.STRIPE_WEBHOOK_SECRET,
    secretKey: env.STRIPE_SECRET_KEY,
    advanceEverySeconds: 10,
  });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await standIn.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
  if (process.send) process.on('disconnect', () => void stop());

  const { url } = await standIn.start();
  console.log(`The Stripe stand-in listens at ${url}`);
  process.send?.({ ready: url });
}

main().catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  console.error(
    taken
      ? `Port ${process.env.STRIPE_STANDIN_PORT} is taken. Stop the other program, or set STRIPE_STANDIN_PORT to a free port.`
      : error,
  );
  process.exit(1);
});
