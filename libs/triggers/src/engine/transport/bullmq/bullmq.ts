import { TriggersError } from '../../../model/errors.js';
import { loadBullMq } from '../../../redis/redis-packages.js';
import { TransportOption } from '../transport.js';
import type { TaskTransport, TransportParts } from '../transport.js';
import { resolveBullMqOptions } from './bullmq.options.js';
import type { BullMqOptions } from './bullmq.options.js';
import { BullMqTransport } from './bullmq.transport.js';

/**
 * Tells nodes by BullMQ that tasks are ready, instead of each of them asking the database. The database stays the truth: with Redis
 * away or empty, nodes ask it again. Needs Postgres and the packages `bullmq` and `ioredis`.
 *
 * @example TriggersModule.forRoot({ database: { type: 'postgres', url }, transport: bullMq({ connection: 'redis://localhost' }) })
 */
export function bullMq(options: BullMqOptions): TransportOption {
  return new BullMqOption(options);
}

class BullMqOption extends TransportOption {
  readonly #options: BullMqOptions;

  constructor(options: BullMqOptions) {
    super();
    this.#options = options;
  }

  async make(parts: TransportParts): Promise<TaskTransport> {
    const options = resolveBullMqOptions(this.#options);
    if (parts.store.options.type === 'sqlite') {
      throw new TriggersError(
        'TRG_DEF_INVALID_OPTION',
        'Option "transport" is bullMq(), which needs Postgres: on SQLite one process runs the engine, so there is nobody to tell. Leave it out, or set "database" to Postgres.',
      );
    }
    return new BullMqTransport(parts, options, await loadBullMq('The BullMQ transport'));
  }
}
