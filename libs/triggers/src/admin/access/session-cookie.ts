/** The name of the session's cookie. */
export const SESSION_COOKIE = 'triggers_session';

const LOCALHOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Where a cookie counts. */
export interface CookiePlace {
  /** The path of the admin API. */
  readonly path: string;
  /** The `Host` header: on localhost the cookie also goes over plain HTTP. */
  readonly host: string | undefined;
}

/** The `Set-Cookie` header that begins a session. */
export function sessionCookie(id: string, maxAgeMs: number, { path, host }: CookiePlace): string {
  const secure = host !== undefined && LOCALHOST.test(host) ? '' : '; Secure';
  return `${SESSION_COOKIE}=${id}; Path=${path}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; HttpOnly; SameSite=Strict${secure}`;
}

/** The `Set-Cookie` header that ends it. */
export function expiredCookie(place: CookiePlace): string {
  return sessionCookie('', 0, place);
}

/** The session id in a `Cookie` header. */
export function sessionIdOf(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
  }
  return undefined;
}
