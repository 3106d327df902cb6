import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from '../settings.js';
import { captureSql } from './capture-sql.js';

// Brings both databases up to date and ends, for a deploy that migrates before its processes start. With `--print` it changes nothing,
// and prints what captures changes: for a migration of one's own, or for whoever may make triggers where the application may not.
try {
  const { values } = parseArgs({ options: { print: { type: 'boolean', default: false } } });
  const settings = readSettings(process.env, fileURLToPath(new URL('../..', import.meta.url)));
  mkdirSync(settings.dataDir, { recursive: true });
  if (values.print) {
    for (const statement of await captureSql(settings.database)) process.stdout.write(`${statement};\n\n`);
  } else {
    const app = AppModule.with(settings, { autostart: false });
    const context = await NestFactory.createApplicationContext(app, { logger: ['warn', 'error'], abortOnError: false });
    await context.close();
  }
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
