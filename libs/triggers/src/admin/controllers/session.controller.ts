import { Body, Delete, Get, HttpCode, Inject, Injectable, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TriggersError } from '../../model/errors.js';
import { AccessAudit } from '../access/access-audit.js';
import { AdminAccess } from '../access/admin-access.service.js';
import { Needs } from '../access/route-access.js';
import type { Role } from '../../model/identity.js';
import { expiredCookie, sessionCookie } from '../access/session-cookie.js';
import type { CookiePlace } from '../access/session-cookie.js';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { SessionBody } from '../dto/bodies.js';
import { badFields, checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import { addressOf, exchangeOf, headerOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';

/** Who is logged in, and what changes by cookie have to carry. */
export interface SessionAnswer {
  readonly user: { readonly id: string; readonly roles: readonly Role[] };
  /** Goes into the header `x-csrf-token`; `null` when the request did not come with a session's cookie. */
  readonly csrfToken: string | null;
  readonly expiresAt: string | null;
}

/** The login of the dashboard: `/session`. */
@Injectable()
export class SessionController {
  constructor(
    private readonly access: AdminAccess,
    private readonly audit: AccessAudit,
    private readonly host: HttpAdapterHost,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  /** Who asks; a dashboard that was reloaded finds its CSRF token again. */
  @Get()
  @Needs('viewer')
  get(@Req() request: AdminRequest): SessionAnswer {
    const session = this.access.sessionOf(request);
    const { user } = exchangeOf(request);
    if (user === null) throw new TriggersError('TRG_API_UNAUTHORIZED', 'Nobody is logged in.');
    const { id, roles } = user;
    return {
      user: { id, roles },
      csrfToken: session?.csrfToken ?? null,
      expiresAt: session?.expiresAt.toISOString() ?? null,
    };
  }

  @Post()
  @HttpCode(200)
  @Needs('anyone')
  async open(
    @Body(checked(SessionBody)) given: Given<SessionBody>,
    @Req() request: AdminRequest,
    @Res({ passthrough: true }) response: object,
  ): Promise<SessionAnswer> {
    if ((given.token === undefined) === (given.code === undefined)) {
      throw badFields([{ field: 'token', problems: ['send either "token" or "code"'] }]);
    }
    const { id, session } = this.access.login(given, addressOf(request));
    this.#setCookie(response, sessionCookie(id, this.options.sessionTtlMs, this.#place(request)));
    const { identity, csrfToken, expiresAt } = session;
    await this.audit.done(request, { actor: identity.id, action: 'session.open', target: identity.id });
    return { user: identity, csrfToken, expiresAt: expiresAt.toISOString() };
  }

  @Delete()
  @HttpCode(204)
  @Needs('viewer')
  async close(@Req() request: AdminRequest, @Res({ passthrough: true }) response: object): Promise<void> {
    this.access.logout(request);
    this.#setCookie(response, expiredCookie(this.#place(request)));
    await this.audit.done(request, { action: 'session.close', target: exchangeOf(request).user?.id ?? 'unknown' });
  }

  #setCookie(response: object, cookie: string): void {
    this.host.httpAdapter.setHeader(response, 'Set-Cookie', cookie);
  }

  /** The path as the browser sees it, with the global prefix, which we would otherwise have to guess. */
  #place(request: AdminRequest): CookiePlace {
    const seen = (request.originalUrl ?? request.url).split('?', 1)[0]?.replace(/\/session\/?$/, '') ?? '';
    const path = /^[\w\-./~]+$/.test(seen) ? seen : `/${this.options.path}`;
    return { path, host: headerOf(request, 'host') };
  }
}
