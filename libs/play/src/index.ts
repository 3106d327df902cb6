/**
 * What the examples have in common that play something in front of you: a day, a show. It is neither part of `nestjs-triggers` nor
 * an example of it; that is what each of them has for itself, its triggers and workflows first of all.
 *
 * A play runs on a {@link Stage}, which takes everything away that was opened for it. On it are an application that can be killed
 * ({@link AppProcess}), a database on a server of somebody else ({@link makeDatabase}), a world outside that takes a thing once for
 * each key ({@link OncePerKey}), and somebody who asks the admin API what became of it all ({@link AdminApi}).
 */
export { AdminApi } from './admin-api.js';
export { AppProcess } from './app-process.js';
export type { ProcessPlan } from './app-process.js';
export { comes } from './comes.js';
export { dayUsage, readDayOptions, serverOf } from './day.options.js';
export type { DayOptions } from './day.options.js';
export { OncePerKey } from './once-per-key.js';
export { perform, print } from './perform.js';
export type { Play } from './perform.js';
export { makeDatabase } from './server-database.js';
export { Stage } from './stage.js';
export type { Closable } from './stage.js';
export { alignedRows, latenciesOf, tally } from './table.js';
