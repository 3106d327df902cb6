import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { OnTriggers } from 'nestjs-triggers';
import type { TriggersEvent } from 'nestjs-triggers';

/** What a supervisor asks. It answers from the moment on at which the database was reached and the engine runs. */
@Controller('health')
export class HealthController {
  #reason: string | undefined;

  /** Ten task bodies that do not return are a reason to start anew; a database that is away is none: work goes on by itself. */
  @OnTriggers('node.unhealthy')
  unhealthy({ reason }: TriggersEvent<'node.unhealthy'>): void {
    this.#reason = reason;
  }

  @Get()
  health(): { readonly status: 'ok' } {
    if (this.#reason !== undefined) throw new ServiceUnavailableException(this.#reason);
    return { status: 'ok' };
  }
}
