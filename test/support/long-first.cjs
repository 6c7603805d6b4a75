const { default: Sequencer } = require('@jest/test-sequencer');

/** Files that take the longest: begun first, so that none is left over while a core has nothing to do. */
const LONG = [
  'test/model/chaos',
  'operator-actions-matrix',
  'test/browser/',
  'customer-api/access-table',
  'mail-faults',
];

const weight = ({ path }) => {
  const at = LONG.findIndex((name) => path.includes(name));
  return at < 0 ? LONG.length : at;
};

/** Jest's own order goes by what it remembers of earlier runs, which a fresh checkout has none of. */
module.exports = class LongFirst extends Sequencer {
  async sort(tests) {
    return [...(await super.sort(tests))].sort((a, b) => weight(a) - weight(b));
  }
};
