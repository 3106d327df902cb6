import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { ModelStub } from '../model/model.stub.js';
import { readSettings } from '../settings.js';
import type { Settings } from '../settings.js';

try {
  const home = fileURLToPath(new URL('../..', import.meta.url)); // the folder of this app
  const settings = await withModel(readSettings(process.env, home));
  mkdirSync(settings.dataDir, { recursive: true });
  const app = await NestFactory.create(AppModule.with(settings), {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(settings.port, settings.host);
  const url = await app.getUrl();
  process.stdout.write(
    `tickets  ${url}/webhooks/tickets\nadmin    ${url}/admin/triggers\nmodel    ${settings.model.baseUrl}\n`,
  );
  process.send?.({ url });
} catch (error) {
  process.stderr.write(`ticket-triage: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

// Started by the day script: whatever ends that ends this, too.
process.on('disconnect', () => process.exit(1));

/** Without an endpoint of the user's there is the stub, which goes with this process. */
async function withModel(settings: Settings): Promise<Settings> {
  if (settings.model.baseUrl !== '') return settings;
  const stub = await ModelStub.open();
  return { ...settings, model: { ...settings.model, baseUrl: stub.baseUrl } };
}
