/**
 * What a call returns as a promise, and what it throws at once as a rejection. As `async` does, but a promise that the
 * call returns is passed on as it is: following it would cost three microtasks and a promise more.
 */
export function promised(call: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever it was that the call threw
    return Promise.reject(error);
  }
}
