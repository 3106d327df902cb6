import type { Server } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { AdminAccess, CLOSED } from './admin-access.service.js';

/** Prints what only somebody at the terminal may read: not a log, which is collected and kept. */
export abstract class AdminTerminal {
  abstract print(line: string): void;
}

/** The terminal of this process. */
export class StdoutTerminal extends AdminTerminal {
  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}

/** Tells at the start how to get in, if nobody was given access: a login code at a terminal, one log line elsewhere. */
@Injectable()
export class AccessNotice implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Triggers');
  #subscription: { unsubscribe(): void } | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly access: AdminAccess,
    private readonly terminal: AdminTerminal,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  onApplicationBootstrap(): void {
    const { token, guards, loginCode } = this.options;
    if (token !== null || guards.length > 0) return;
    if (!loginCode) return this.#logger.warn(CLOSED);
    // The port is known only when the server listens.
    this.#subscription = this.host.listen$.subscribe(() => this.#printLink());
  }

  onModuleDestroy(): void {
    this.#subscription?.unsubscribe();
  }

  /** A code and not a token: it works once, within 10 minutes, and is gone from every scrollback after that. */
  #printLink(): void {
    const address = (this.host.httpAdapter.getHttpServer() as Server).address();
    const origin = typeof address === 'object' && address !== null ? `http://localhost:${address.port}` : '';
    const prefix = this.config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    const path = [prefix, this.options.path, 'session'].filter((part) => part !== '').join('/');
    const body = JSON.stringify({ code: this.access.issueCode() });
    this.terminal.print(
      `Triggers admin API, a session (once, within 10 minutes): curl -c cookies -H 'content-type: application/json' -d '${body}' ${origin}/${path}`,
    );
  }
}
