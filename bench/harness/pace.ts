/** Calls `act` with 0, 1, 2 … every so many ms; ends with the last call. */
export function paced(intervalMs: number, times: number, act: (index: number) => void): Promise<void> {
  return new Promise((resolve) => {
    let index = 0;
    const timer = setInterval(() => {
      act(index);
      index += 1;
      if (index < times) return;
      clearInterval(timer);
      resolve();
    }, intervalMs);
  });
}

/** Lets the application do what it does, for a while. */
export function forMs(ms: number): Promise<void> {
  return paced(ms, 1, () => undefined);
}
