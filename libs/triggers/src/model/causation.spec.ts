import { causedBy, currentCause } from './causation.js';
import type { ExecutionId } from './ids.js';
import { newId } from './ids.js';

const cause = (depth: number) => ({ executionId: newId<ExecutionId>(), depth });

describe('causation', () => {
  it('is unknown where no task runs', () => {
    expect(currentCause()).toBeUndefined();
  });

  it('follows the work over every await, innermost first', async () => {
    const [outer, inner] = [cause(1), cause(2)];
    const seen = await causedBy(outer, async () => {
      const within = await causedBy(inner, async () => (await Promise.resolve(), currentCause()));
      return [within, currentCause()];
    });
    expect(seen).toEqual([inner, outer]);
    expect(currentCause()).toBeUndefined();
  });

  it("ends where work is nobody's, whichever task has set it off", async () => {
    const outer = cause(1);
    const seen = await causedBy(outer, async () => [
      await causedBy(undefined, async () => currentCause()),
      currentCause(),
    ]);
    expect(seen).toEqual([undefined, outer]);
  });
});
