import type { Scenario } from './scenario.js';
import { kill } from './kill.scenario.js';

/** Every scenario, in the order of a round-robin. */
export const SCENARIOS: readonly Scenario[] = [kill];
