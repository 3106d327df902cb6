import { chunksInTurns } from './chunks.js';

it('lets the event loop turn between two chunks, and not before the first', async () => {
  const seen: string[] = [];
  setImmediate(() => seen.push('others'));
  for await (const chunk of chunksInTurns(Array.from({ length: 1_200 }))) {
    seen.push(String(chunk.length));
    setImmediate(() => seen.push('others'));
  }
  expect(seen).toEqual(['500', 'others', 'others', '500', 'others', '200']);
});
