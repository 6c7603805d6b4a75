import { worthShowing } from '../../dev/launch/log-file';
import { verdict } from '../../dev/launch/test';

const results = (numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites = 0) => ({
  numPassedTests,
  numFailedTests,
  numRuntimeErrorTestSuites,
});

test.each([
  ['all passed', results(12, 0), 0, '12 passed, 0 failed', 0],
  ['some failed', results(10, 2), 1, '10 passed, 2 failed', 1],
  ['a file that does not load counts as failed', results(3, 0, 1), 1, '3 passed, 1 failed', 1],
  ['no test at all is a failure', results(0, 0), 0, '0 passed, 0 failed', 1],
  ['no results are a failure', undefined, 0, '0 passed, 0 failed', 1],
])('the last line of npm test: %s', (_, given, jestCode, line, code) => {
  expect(verdict(given, jestCode)).toEqual({ line, code });
});

test.each([
  ['{"level":30,"msg":"fine"}', undefined],
  ['{"level":40,"msg":"slow"}', 'warning: slow'],
  ['{"level":50,"msg":"mail failed","err":{"message":"no route"}}', 'error: mail failed: no route'],
  ['not JSON', undefined],
  ['{"level":50', undefined],
])('of the log line %s a person sees %s', (line, shown) => {
  expect(worthShowing(line)).toBe(shown);
});
