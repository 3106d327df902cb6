import { DEFAULT_ADMIN_OPTIONS, resolveAdminOptions } from './admin.options.js';

const DEVELOPMENT = { token: undefined, production: false, terminal: false };
const guard = { canActivate: () => true };

describe('the options of the admin API', () => {
  it('have their defaults, and are closed', () => {
    expect(resolveAdminOptions({}, DEVELOPMENT)).toEqual({
      path: DEFAULT_ADMIN_OPTIONS.path,
      guards: [],
      identify: null,
      token: null,
      payloads: 'operator',
      sessionTtlMs: 43_200_000,
      loginCode: false,
    });
  });

  it('offer a login code only at a terminal, and only when nobody was given access', () => {
    const atTerminal = { ...DEVELOPMENT, terminal: true };
    expect(resolveAdminOptions({}, atTerminal).loginCode).toBe(true);
    expect(resolveAdminOptions({ token: 'x'.repeat(12) }, atTerminal).loginCode).toBe(false);
    expect(resolveAdminOptions({ guards: [guard] }, atTerminal).loginCode).toBe(false);
  });

  it('take the token from the environment when none is given', () => {
    expect(resolveAdminOptions({}, { ...DEVELOPMENT, token: 'from-environment' }).token).toBe('from-environment');
    expect(resolveAdminOptions({ token: 'from-options' }, { ...DEVELOPMENT, token: 'from-environment' }).token).toBe(
      'from-options',
    );
  });

  it('refuse to start in production when nobody was given access', () => {
    const production = { ...DEVELOPMENT, production: true, terminal: true };
    expect(() => resolveAdminOptions({}, production)).toThrow(
      expect.objectContaining({ code: 'TRG_DEF_ADMIN_CLOSED' }),
    );
    expect(() => resolveAdminOptions({ guards: [guard] }, production)).not.toThrow();
    expect(() => resolveAdminOptions({}, { ...production, token: 'x'.repeat(12) })).not.toThrow();
  });

  it.each([
    [{ token: 'short' }, 'admin.token'],
    [{ token: '' }, 'admin.token'],
    [{ path: '' }, 'admin.path'],
    [{ path: 'a//b' }, 'admin.path'],
    [{ path: ':name' }, 'admin.path'],
    [{ identify: () => null }, 'admin.identify'],
    [{ payloads: 'nobody' as never }, 'admin.payloads'],
    [{ sessionTtl: '1 day' as never }, 'admin.sessionTtl'],
  ])('refuse %j and name the option', (options, name) => {
    expect(() => resolveAdminOptions(options, DEVELOPMENT)).toThrow(name);
  });

  it('never show a token', () => {
    expect(() => resolveAdminOptions({ token: 'tiny-secret' }, DEVELOPMENT)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('tiny-secret') }),
    );
  });

  it('take a path with slashes around it', () => {
    expect(resolveAdminOptions({ path: '/ops/triggers/' }, DEVELOPMENT).path).toBe('ops/triggers');
  });
});
