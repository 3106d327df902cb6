import type { AddressInfo } from 'node:net';
import { ShutdownSignal } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from 'demo/dist/app.module.js';
import { prepareInbox } from 'demo/dist/files/inbox.service.js';
import { DemoLogger } from 'demo/dist/terminal/demo.logger.js';
import { TriggersModule, TriggersService } from 'nestjs-triggers';
import { OneTask } from '../../harness/one-task.workflow.js';
import type { IdlePolls } from '../../polls/idle-polls.js';
import type { AppSettings } from './messages.js';

const HOST = '127.0.0.1';
const METRONOMES = 20;

/** Polled every second, to see how late that is. */
export const METRONOME_MS = 1_000;

/**
 * The demo as it is, with its controllers, providers and terminal; only our module has other options: history is kept
 * for minutes. The metronomes are triggers that never fire.
 */
export async function startDemo(settings: AppSettings, metronome: IdlePolls): Promise<INestApplication> {
  const { database, inboxDir, token, retention } = settings;
  await prepareInbox(inboxDir);
  const demo = AppModule.with({ host: HOST, port: 0, inboxDir, database, token, tokenIsOurs: false });
  const triggers = TriggersModule.forRoot({ database, admin: { token }, autostart: false, retention });
  const module = { ...demo, imports: [triggers], providers: [...(demo.providers ?? []), OneTask] };
  const app = await NestFactory.create(module, { logger: new DemoLogger(), abortOnError: false });
  // Not by SIGUSR2, which writes a heap snapshot.
  app.enableShutdownHooks([ShutdownSignal.SIGTERM], { useProcessExit: true });
  await app.listen(0, HOST);
  const service = app.get(TriggersService);
  for (let index = 0; index < METRONOMES; index++) await service.register(metronome.trigger(index));
  await service.start();
  return app;
}

/** Where it listens. */
export function urlOf(app: INestApplication): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return `http://${HOST}:${port}`;
}
