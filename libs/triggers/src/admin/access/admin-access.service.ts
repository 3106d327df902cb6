import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import type { Identity } from '../../model/identity.js';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { addressOf, headerOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import { AppGuards } from './app-guards.js';
import { FailureLimiter } from './failure-limiter.js';
import { LoginCode } from './login-code.js';
import type { AdminUser } from './roles.js';
import { isSameSecret } from './secrets.js';
import { SessionStore } from './session.store.js';
import type { Session } from './session.store.js';
import { sessionIdOf } from './session-cookie.js';

const TOKEN_USER: Identity = { id: 'token', roles: ['admin'] };
const CODE_USER: Identity = { id: 'login-link', roles: ['admin'] };
const GUARDED_USER: Identity = { id: 'guarded', roles: ['admin'] };

/**
 * Says who somebody is. In this order: a session's cookie, the bearer token, the application's guards. Whoever presents
 * a wrong token or code too often is refused for a while; sessions and guards are not, nothing can be guessed there.
 */
@Injectable()
export class AdminAccess {
  readonly #limiter: FailureLimiter;
  readonly #sessions: SessionStore;
  readonly #code: LoginCode;

  constructor(
    clock: Clock,
    private readonly guards: AppGuards,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {
    this.#limiter = new FailureLimiter(clock);
    this.#sessions = new SessionStore(clock, options.sessionTtlMs);
    this.#code = new LoginCode(clock);
  }

  /** A code for one login code. */
  issueCode(): string {
    return this.#code.issue();
  }

  /** @throws TRG_API_UNAUTHORIZED, TRG_API_TOO_MANY_REQUESTS, and whatever a guard throws */
  async identify(request: AdminRequest, context: ExecutionContext): Promise<AdminUser> {
    const session = this.sessionOf(request);
    if (session !== undefined) return { ...session.identity, via: 'session' };
    const bearer = /^Bearer +(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];
    if (bearer !== undefined && this.#isToken(bearer, addressOf(request))) return { ...TOKEN_USER, via: 'token' };
    if (this.options.guards.length === 0)
      throw unauthorized(this.#isOpen() ? 'Send "Authorization: Bearer <token>" or log in.' : CLOSED);
    return this.#guarded(request, context);
  }

  /** The session that a request's cookie names. */
  sessionOf(request: AdminRequest): Session | undefined {
    const id = sessionIdOf(headerOf(request, 'cookie'));
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  /**
   * Begins a session for whoever presents the token or the code of the login code.
   *
   * @throws TRG_API_UNAUTHORIZED, TRG_API_TOO_MANY_REQUESTS
   */
  login(
    given: { readonly token?: string | undefined; readonly code?: string | undefined },
    address: string,
  ): ReturnType<SessionStore['open']> {
    this.#limiter.check(address);
    if (given.token !== undefined && this.options.token !== null && isSameSecret(given.token, this.options.token)) {
      return this.#sessions.open(TOKEN_USER);
    }
    if (given.code !== undefined && this.#code.redeem(given.code)) return this.#sessions.open(CODE_USER);
    this.#limiter.fail(address);
    throw unauthorized(
      'This token or code opens nothing. A login code works once and for ten minutes; restart for a new one.',
    );
  }

  /** Ends the session that a request's cookie names. */
  logout(request: AdminRequest): void {
    const id = sessionIdOf(headerOf(request, 'cookie'));
    if (id !== undefined) this.#sessions.close(id);
  }

  #isToken(bearer: string, address: string): boolean {
    const { token, guards } = this.options;
    // A bearer that is not ours may be the application's, for its guards: that is no failure.
    if (guards.length > 0) return token !== null && isSameSecret(bearer, token);
    this.#limiter.check(address);
    if (token !== null && isSameSecret(bearer, token)) return true;
    this.#limiter.fail(address);
    return false;
  }

  async #guarded(request: AdminRequest, context: ExecutionContext): Promise<AdminUser> {
    const { guards, identify } = this.options;
    if (!(await this.guards.pass(guards, context)))
      throw unauthorized('The guards of the application do not let you in.');
    const identity = identify === null ? GUARDED_USER : await identify(request, context);
    if (identity === null) throw unauthorized('"admin.identify" does not know you.');
    const { id, roles, permissions } = identity;
    return { id, roles, permissions, via: 'guards' };
  }

  #isOpen(): boolean {
    return this.options.token !== null || this.options.loginCode;
  }
}

/** How a closed admin API is opened. */
export const CLOSED =
  'The admin API is closed. Set "admin.token" or TRIGGERS_ADMIN_TOKEN (12 characters or more), or "admin.guards".';

function unauthorized(message: string): TriggersError {
  return new TriggersError('TRG_API_UNAUTHORIZED', message);
}
