import type { Provider } from '@nestjs/common';
import { ApplicationDatabases } from './application-databases.js';
import { EntitySource } from './entity.source.js';
import { EntityTriggerBuilder } from './entity-trigger.builder.js';
import { OutboxWriter } from './outbox/outbox-writer.service.js';
import { Outboxes } from './outbox/outboxes.js';
import { ChangeMapper } from './relay/change-mapper.js';
import { EntityReplays } from './relay/entity.replays.js';
import { ProgramFirings } from './relay/program-firings.service.js';

/** What captures changes of entities, and fires them. */
export const ENTITY_PROVIDERS: readonly Provider[] = [
  ApplicationDatabases,
  ChangeMapper,
  EntityReplays,
  EntitySource,
  EntityTriggerBuilder,
  Outboxes,
  OutboxWriter,
  ProgramFirings,
];
