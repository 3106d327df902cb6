import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { MessageTrigger, OnTriggers, TriggerResult, TriggersService } from 'nestjs-triggers';
import type { Message, MessageSource, TriggersEvent } from 'nestjs-triggers';
import { bullMqQueue } from 'nestjs-triggers/bullmq';
import { redisStream } from 'nestjs-triggers/redis-streams';
import { startApp } from '../harness/app.js';
import type { Backends } from '../harness/app.js';
import { Completions } from '../harness/completions.js';
import { Countdown } from '../harness/countdown.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { GROUP } from './full-broker.js';
import type { FullBroker } from './full-broker.js';

/** Counts the firings that are committed. */
@Injectable()
class Accepted extends Countdown {
  @OnTriggers('firing.accepted')
  accepted(_event: TriggersEvent<'firing.accepted'>): void {
    this.hit();
  }
}

/** An application with one message trigger, about to read everything. */
export interface TriggerConsumer {
  /** Resolves when each message is a committed execution, or has run where tasks run. */
  consume(): Promise<void>;
  close(): Promise<void>;
}

/** @param runs whether the executions run; else they are left for later */
export async function startConsumer(backends: Backends, broker: FullBroker, runs: boolean): Promise<TriggerConsumer> {
  const providers = [OneTask, Accepted, Completions, triggerOf(broker, runs)];
  const app = await startApp(backends, providers, { autostart: false });
  return {
    async consume() {
      const done = app.get<Countdown>(runs ? Completions : Accepted).of(broker.count);
      await app.get(TriggersService).start();
      await done;
    },
    close: () => app.close(),
  };
}

const DAY_MS = 86_400_000;

function triggerOf(broker: FullBroker, runs: boolean): Type {
  const later = new Date(Date.now() + DAY_MS);
  @Injectable()
  class Messages {
    @MessageTrigger({ workflow: OneTask, from: sourceOf(broker) })
    messages({ body }: Message<object>): TriggerResult {
      return TriggerResult.fire(body, runs ? {} : { runAt: later });
    }
  }
  return Messages;
}

function sourceOf({ adapter, port, name }: FullBroker): MessageSource {
  const connection = `redis://127.0.0.1:${port}`;
  return adapter === 'bullmq'
    ? bullMqQueue({ queue: name, connection })
    : redisStream({ stream: name, group: GROUP, body: 'data', connection });
}
