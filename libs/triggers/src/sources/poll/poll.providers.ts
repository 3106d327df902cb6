import type { Provider } from '@nestjs/common';
import { PollControl } from './poll-control.service.js';
import { PollSource } from './poll.source.js';
import { PollTriggerBuilder } from './poll-trigger.builder.js';
import { PollTriggerExplorer } from './poll-trigger.explorer.js';
import { PollerService } from './poller.service.js';

/** What polls. */
export const POLL_PROVIDERS: readonly Provider[] = [
  PollControl,
  PollSource,
  PollTriggerBuilder,
  PollTriggerExplorer,
  PollerService,
];
