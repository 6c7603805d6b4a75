import { readFileSync } from 'node:fs';
import { WORKER_FLAGS } from '../../dev/launch/worker-flags';

it.each([
  ['package.json', 'dist/workers/main.js'],
  ['package.json', 'dist/server/cli/reconcile.js'],
  ['docker-compose.yml', 'dist/workers/main.js'],
])('%s starts %s as it was measured', (file, program) => {
  expect(readFileSync(file, 'utf8')).toContain(`node ${WORKER_FLAGS.join(' ')} ${program}`);
});
