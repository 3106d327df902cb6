import type { Provider } from '@nestjs/common';
import { ManualFirings } from './manual-firings.service.js';
import { ManualTriggerBuilder } from './manual-trigger.builder.js';
import { ManualReplays } from './manual.replays.js';
import { ManualSource } from './manual.source.js';

/** What people and programs fire. */
export const MANUAL_PROVIDERS: readonly Provider[] = [ManualFirings, ManualReplays, ManualSource, ManualTriggerBuilder];
