import type { Provider } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { EndIntake } from './end-intake.service.js';
import { HeldReleaser } from './held-releaser.service.js';
import { IntakeCounter } from './intake-counter.js';
import { IntakePipe } from './intake.pipe.js';
import { IntakeService } from './intake.service.js';
import { LetterSource } from './letter.source.js';
import { MessageIntake } from './message-intake.service.js';
import { OutboxIntake } from './outbox-intake.service.js';
import { PayloadReaders } from './payload-readers.js';
import { PollIntake } from './poll-intake.js';
import { ReplaySource } from './replay.source.js';
import { StorePollIntake } from './store-poll-intake.service.js';
import { TriggerBaseResolver } from './trigger-base.resolver.js';
import { TriggerControl } from './trigger-control.service.js';
import { TriggerRegistry } from './trigger.registry.js';

/** What judges and commits firings, and what operators change of triggers. */
export const INTAKE_PROVIDERS: readonly Provider[] = [
  AuditService,
  EndIntake,
  HeldReleaser,
  IntakeCounter,
  IntakePipe,
  IntakeService,
  LetterSource,
  MessageIntake,
  OutboxIntake,
  PayloadReaders,
  { provide: PollIntake, useClass: StorePollIntake },
  ReplaySource,
  TriggerBaseResolver,
  TriggerControl,
  TriggerRegistry,
];
