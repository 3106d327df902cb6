/** Lets time pass: a fault falls at an instant, not at an event, and work takes its time. */
export function pause(ms: number): Promise<void> {
  // eslint-disable-next-line no-restricted-syntax -- the one place where the chaos waits
  return new Promise((resolve) => setTimeout(resolve, ms));
}
