import type { Provider } from '@nestjs/common';
import { MessageTriggerBuilder } from './message-trigger.builder.js';
import { MessageTriggerExplorer } from './message-trigger.explorer.js';
import { MessagePipe } from './message.pipe.js';
import { MessageReplays } from './message.replays.js';
import { MessagesSource } from './messages.source.js';

/** What takes the messages of brokers. */
export const MESSAGE_PROVIDERS: readonly Provider[] = [
  MessagePipe,
  MessageReplays,
  MessagesSource,
  MessageTriggerBuilder,
  MessageTriggerExplorer,
];
