/** The longest text from outside (reason, error, name) that is logged or stored, in characters. */
export const MAX_TEXT = 2048;

// eslint-disable-next-line no-control-regex -- control characters are exactly what has to go
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text from outside made fit for logs and rows: without control characters, cut at {@link MAX_TEXT}. */
export function cleanText(text: string): string {
  const clean = text.replace(CONTROL, '');
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT - 1)}…` : clean;
}

/** The message of anything that was thrown, fit for logs and rows. */
export function errorMessage(error: unknown): string {
  if (isErrorLike(error)) return cleanText(error.message || error.name);
  return cleanText(typeof error === 'string' ? error : (safeJson(error) ?? String(error)));
}

/** Also an error of another realm (a test runner's, a worker's), for which `instanceof` says no. */
function isErrorLike(error: unknown): error is { readonly message: string; readonly name: string } {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Known names for a message: `"a", "b"`, or `none`. */
export function quoteAll(names: Iterable<string>): string {
  const quoted = [...names].map((name) => `"${name}"`);
  return quoted.length === 0 ? 'none' : quoted.join(', ');
}
