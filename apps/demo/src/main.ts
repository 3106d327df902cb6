import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { TriggersService } from 'nestjs-triggers';
import { AppModule } from './app.module.js';
import { prepareInbox } from './files/inbox.service.js';
import { readSettings, SettingsError } from './settings.js';
import type { DemoSettings } from './settings.js';
import { DemoLogger } from './terminal/demo.logger.js';
import { WelcomeService } from './terminal/welcome.service.js';

try {
  const home = fileURLToPath(new URL('..', import.meta.url)); // the folder of this app
  await start(readSettings(process.env, home));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function start(settings: DemoSettings): Promise<void> {
  await prepareInbox(settings.inboxDir);
  const app = await NestFactory.create(AppModule.with(settings), { logger: new DemoLogger(), abortOnError: false });
  app.enableShutdownHooks([], { useProcessExit: true });
  try {
    await app.init();
    await listen(app, settings);
  } catch (error) {
    await app.close();
    throw error;
  }
  const welcome = app.get(WelcomeService);
  welcome.greet(await app.getUrl());
  await app.get(TriggersService).start();
  await welcome.firstSteps();
}

async function listen(app: INestApplication, { port, host }: DemoSettings): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'It is in use; is the demo running already?' : `${message}.`;
    throw new SettingsError(`Cannot listen on ${host}:${port}: ${why} Set PORT (or HOST) to something else.`);
  }
}
