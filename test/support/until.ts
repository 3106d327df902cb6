/** How long a test waits for what should happen at once. */
const DEADLINE_MS = 15_000;
const EVERY_MS = 10;

/**
 * Waits until `probe` answers something truthy, and returns that.
 *
 * @param what what is waited for, for the message when it does not come
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) throw new Error(`Waited ${deadlineMs}ms in vain: ${what}`);
    // eslint-disable-next-line no-restricted-syntax -- the one place where tests wait: between two looks at a condition
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
