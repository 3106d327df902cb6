import { clock } from './clock.scenario.js';
import { crashPoint } from './crash-point.scenario.js';
import { diskFull } from './disk-full.scenario.js';
import { fileRemoved } from './file-removed.scenario.js';
import { kill } from './kill.scenario.js';
import { clockOff } from './nodes/clock-off.scenario.js';
import { halfOpen } from './nodes/half-open.scenario.js';
import { killAny } from './nodes/kill-any.scenario.js';
import { redisAway } from './nodes/redis-away.scenario.js';
import { rollingRestart } from './nodes/rolling-restart.scenario.js';
import { serverCrashes } from './nodes/server-crashes.scenario.js';
import { stopOne } from './nodes/stop-one.scenario.js';
import type { Scenario } from './scenario.js';
import { serverCrash } from './server-crash.scenario.js';
import { stop } from './stop.scenario.js';
import { takeOver } from './take-over.scenario.js';

/** Of several nodes. */
const OF_NODES: readonly Scenario[] = [redisAway, killAny, stopOne, serverCrashes, clockOff, halfOpen, rollingRestart];

/** Every scenario. */
export const SCENARIOS: readonly Scenario[] = [
  kill,
  crashPoint,
  stop,
  takeOver,
  diskFull,
  fileRemoved,
  serverCrash,
  clock,
  ...OF_NODES,
];

/** The order in which they take turns: there are many crash points, and each wants its round. */
export const TURNS: readonly Scenario[] = [
  kill,
  crashPoint,
  stop,
  crashPoint,
  takeOver,
  crashPoint,
  diskFull,
  serverCrash,
  crashPoint,
  fileRemoved,
  clock,
  ...OF_NODES,
];
