import { boot } from './boot/boot.bench.js';
import { chain } from './chain/chain.bench.js';
import { drain } from './drain/drain.bench.js';
import { entityCapture } from './entity-capture/entity-capture.bench.js';
import { growth } from './growth/growth.bench.js';
import { prunedGrowth } from './growth/pruned.bench.js';
import { floor } from './floor/floor.bench.js';
import type { Bench } from './harness/bench.js';
import { latency } from './latency/latency.bench.js';
import { messageIntake } from './message-intake/message-intake.bench.js';
import { nodes } from './nodes/nodes.bench.js';
import { manyPolls, polls } from './polls/polls.bench.js';
import { webhookAck } from './webhook-ack/webhook-ack.bench.js';

/** Every bench, in the order in which they run. */
export const benches: readonly Bench[] = [
  drain,
  chain,
  floor,
  latency,
  polls,
  manyPolls,
  webhookAck,
  messageIntake,
  entityCapture,
  boot,
  nodes,
  growth,
  prunedGrowth,
];
