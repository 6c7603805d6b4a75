import { newId } from '../../server/db/id';

it('sorts ids in the order of their birth, also those of one millisecond', () => {
  const ids = Array.from({ length: 10_000 }, () => newId('ten'));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids[0]).toMatch(/^ten_[0-9A-HJKMNP-TV-Z]{26}$/);
});
