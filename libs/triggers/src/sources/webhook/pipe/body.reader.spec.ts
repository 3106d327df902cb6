import { bodyReader } from './body.reader.js';

it('reads a form whose one field stands there as often as a body has room for, at once', () => {
  const times = 500_000;
  const { a } = bodyReader({ bigNumbers: null }).form(Buffer.from('a&'.repeat(times)));
  expect(a).toHaveLength(times);
});
