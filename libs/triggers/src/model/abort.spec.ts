import { whenAborted } from './abort.js';

it('waits for a signal', async () => {
  const controller = new AbortController();
  let isOver = false;
  const waiting = whenAborted(controller.signal).then(() => (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  controller.abort();
  await waiting;
});

it('does not wait for one that has aborted before', async () => {
  await whenAborted(AbortSignal.abort());
});
