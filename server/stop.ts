/** Resolves when the process is told to stop: SIGTERM, SIGINT, or the launcher that forked it is gone. */
export const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (process.send) process.once('disconnect', () => resolve());
  });
