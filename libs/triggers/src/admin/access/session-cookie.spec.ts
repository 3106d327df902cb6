import { expiredCookie, sessionCookie, sessionIdOf } from './session-cookie.js';

describe('the cookie of a session', () => {
  it('is for our path, out of reach of scripts and other sites, and for HTTPS', () => {
    expect(sessionCookie('id', 60_000, { path: '/admin/triggers', host: 'example.com' })).toBe(
      'triggers_session=id; Path=/admin/triggers; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
    );
  });

  it.each(['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000'])('also goes over HTTP on %s', (host) => {
    expect(sessionCookie('id', 1_000, { path: '/', host })).not.toContain('Secure');
  });

  it.each(['localhost.evil.com', 'example.com:3000', undefined])('does not on %s', (host) => {
    expect(sessionCookie('id', 1_000, { path: '/', host })).toContain('; Secure');
  });

  it('ends at once when the session does', () => {
    expect(expiredCookie({ path: '/', host: undefined })).toMatch(/^triggers_session=; Path=\/; Max-Age=0;/);
  });

  it('is found among others', () => {
    expect(sessionIdOf('a=b; triggers_session=x-1; c=d')).toBe('x-1');
    expect(sessionIdOf('not_triggers_session=x')).toBeUndefined();
    expect(sessionIdOf(undefined)).toBeUndefined();
  });
});
