import type { Provider } from '@nestjs/common';
import { ENTITY_PROVIDERS } from './entity/entity.providers.js';
import { EntitySource } from './entity/entity.source.js';
import { MANUAL_PROVIDERS } from './manual/manual.providers.js';
import { ManualSource } from './manual/manual.source.js';
import { MESSAGE_PROVIDERS } from './message/message.providers.js';
import { MessagesSource } from './message/messages.source.js';
import { POLL_PROVIDERS } from './poll/poll.providers.js';
import { PollSource } from './poll/poll.source.js';
import { SCHEDULE_PROVIDERS } from './schedule/schedule.providers.js';
import { ScheduleSource } from './schedule/schedule.source.js';
import { SOURCES } from './source.js';
import type { Source } from './source.js';
import { Sources } from './sources.service.js';
import { WEBHOOK_PROVIDERS } from './webhook/webhook.providers.js';
import { WebhookSource } from './webhook/webhook.source.js';
import { UnpolledTriggers } from './unpolled-triggers.service.js';
import { WORKFLOW_SOURCE_PROVIDERS } from './workflow/workflow.providers.js';
import { WorkflowSource } from './workflow/workflow.source.js';

/** Everything that notices things. */
export const SOURCES_PROVIDERS: readonly Provider[] = [
  ...POLL_PROVIDERS,
  ...MANUAL_PROVIDERS,
  ...SCHEDULE_PROVIDERS,
  ...WEBHOOK_PROVIDERS,
  ...MESSAGE_PROVIDERS,
  ...ENTITY_PROVIDERS,
  ...WORKFLOW_SOURCE_PROVIDERS,
  Sources,
  UnpolledTriggers,
  {
    provide: SOURCES,
    useFactory: (...sources: Source[]) => sources,
    inject: [PollSource, ScheduleSource, WebhookSource, MessagesSource, EntitySource, ManualSource, WorkflowSource],
  },
];
