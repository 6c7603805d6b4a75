import fc from 'fast-check';
import { histories } from './commands';
import { Lane } from './lane';
import { tell } from './tell';

/**
 * CHAOS_RUNS: how many histories (200). CHAOS_SEED, CHAOS_PATH: tells the history of a failure again, alone.
 * CHAOS_LANES: how many installations tell at once (4). CHAOS_LOG: how much they log (nothing).
 */
const env = process.env;
const RUNS = Number(env.CHAOS_RUNS ?? 200);
const SEED = env.CHAOS_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(env.CHAOS_SEED);
const LANES = env.CHAOS_PATH === undefined ? Number(env.CHAOS_LANES ?? 4) : 1;
const FORKED_IN = 25;
const SHRINK_MS = 60_000;
const ENDLESS_MS = 24 * 3_600_000;

let lanes: Lane[] = [];
beforeAll(async () => {
  lanes = await Promise.all(Array.from({ length: LANES }, (_, index) => Lane.open(index)));
}, 60_000);
afterAll(() => Promise.all(lanes.map((lane) => lane.close())));

test(
  `whatever happens, at rest every plan is right (seed ${SEED})`,
  async () => {
    let failure: { lane: Lane; shrinkUntil: number } | undefined;
    let replayed = 0;
    const property = (lane: Lane) =>
      fc.asyncProperty(histories(FORKED_IN), async (history) => {
        // While one lane shrinks its failure, the others need not go on; and it ends with the shortest found in time.
        if (failure && (failure.lane !== lane || Date.now() > failure.shrinkUntil)) return;
        // A path goes on to its siblings where its own history does well.
        if (env.CHAOS_PATH && replayed++ > 0) return;
        await tell(lane, history).catch((error: unknown) => {
          failure ??= { lane, shrinkUntil: Date.now() + SHRINK_MS };
          throw error;
        });
      });
    const again = env.CHAOS_PATH ? { path: env.CHAOS_PATH, endOnFailure: true } : {};
    const told = lanes.map((lane, index) =>
      fc.assert(property(lane), { numRuns: Math.ceil(RUNS / LANES), seed: SEED + index, ...again }),
    );
    for (const outcome of await Promise.allSettled(told)) if (outcome.status === 'rejected') throw outcome.reason;
  },
  ENDLESS_MS,
);
