import type { Provider } from '@nestjs/common';
import { POLL_PROVIDERS } from './poll/poll.providers.js';
import { PollSource } from './poll/poll.source.js';
import { SOURCES } from './source.js';
import type { Source } from './source.js';
import { Sources } from './sources.service.js';
import { UnpolledTriggers } from './unpolled-triggers.service.js';

/** Everything that notices things. */
export const SOURCES_PROVIDERS: readonly Provider[] = [
  ...POLL_PROVIDERS,
  Sources,
  UnpolledTriggers,
  { provide: SOURCES, useFactory: (...sources: Source[]) => sources, inject: [PollSource] },
];
