import { Outage } from '../jobs/settle';
import { isStripeFault } from './fault';

/**
 * Does a job's work with Stripe. Where Stripe is away, overrun or refuses our key, the job is not at fault.
 * @throws Outage then; other errors as they are
 */
export async function throughOutages<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isStripeFault(error)) throw new Outage(`Stripe can not be used just now: ${error.message}`, { cause: error });
    throw error;
  }
}
