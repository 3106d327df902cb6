import type { Provider } from '@nestjs/common';
import { EndListener } from '../model/end-listener.js';
import { CallbacksService } from './callbacks.service.js';
import { EndedExecutions } from './ended-executions.service.js';
import { OnTriggersExplorer } from './on-triggers.explorer.js';

/** What tells ends and events. */
export const CALLBACKS_PROVIDERS: readonly Provider[] = [
  CallbacksService,
  EndedExecutions,
  { provide: EndListener, useExisting: CallbacksService },
  OnTriggersExplorer,
];
