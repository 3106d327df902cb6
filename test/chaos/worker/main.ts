import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TriggersModule } from 'nestjs-triggers';
import type { DatabaseOptions, Duration } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import { armCrashPoint, watchCrashPoints } from 'nestjs-triggers/testing';
import type { CrashPoint } from 'nestjs-triggers/testing';
import { DataSource } from 'typeorm';
import { Entries, source } from './application.js';
import { shiftClock } from './shifted-clock.js';
import { TOKEN, settings } from './settings.js';
import type { Command, Told } from './settings.js';
import { Sources } from './sources.js';
import { Feeds } from './triggers.js';
import { WORKFLOWS } from './workflows.js';

const { database, name, lease, crash, countPoints, clockOffMs, bullMq: redis } = settings;
if (clockOffMs !== undefined) shiftClock(clockOffMs);

function databaseOptions(): DatabaseOptions {
  if (database.schema === undefined) return { type: 'sqlite', path: database.url, commitDeadline: '2s' };
  return { type: 'postgres', url: database.url, schema: database.schema, commitDeadline: '2s' };
}

@Module({
  imports: [
    TriggersModule.forRoot({
      database: databaseOptions(),
      admin: { token: TOKEN },
      node: { name, lease: lease as Duration },
      shutdown: { drain: '2s' },
      worker: { concurrency: 12 },
      ...(redis !== undefined && { transport: bullMq(redis) }),
    }),
  ],
  providers: [...WORKFLOWS, Feeds, Sources, Entries, { provide: DataSource, useValue: source }],
})
class WorkerModule {}

const app = await NestFactory.create(WorkerModule, {
  logger: ['log', 'warn', 'error', 'fatal'],
  abortOnError: false,
  // The driver asks again and again on the same connections: none is ever idle, so none would be closed at SIGTERM.
  forceCloseConnections: true,
});
app.enableShutdownHooks();
let isArmed = crash !== undefined;
if (crash !== undefined) armCrashPoint(app, { ...crash, act: () => isArmed && process.kill(process.pid, 'SIGKILL') });
const points: ReadonlyMap<CrashPoint, number> = countPoints === true ? watchCrashPoints(app) : new Map();

process.on('message', (command: Command) => {
  if ('shiftClockMs' in command) return tell({ clockShifted: shiftClock(command.shiftClockMs) });
  if ('ask' in command) return tell({ points: [...points] });
  isArmed = false;
  tell({ disarmed: true });
});
// The driver is gone: so are we.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

await app.listen(0, '127.0.0.1');
tell({ ready: await app.getUrl() });

function tell(message: Told): void {
  process.send?.(message);
}
