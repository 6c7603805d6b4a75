/**
 * Node's own options for processes that sweep. Some 70 MB live then: without a bound on the heap Node lets garbage pile
 * up to several times that, and with its small nursery a fifth of the time goes into copying what is about to die.
 * package.json and docker-compose.yml start them so, too.
 */
export const WORKER_FLAGS = ['--max-old-space-size=1024', '--max-semi-space-size=32'];
