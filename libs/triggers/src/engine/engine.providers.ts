import type { Provider } from '@nestjs/common';
import { Dispatcher } from './dispatcher.service.js';
import { EndTeller } from './end-teller.service.js';
import { EngineService } from './engine.service.js';
import { ExecutionControl } from './execution-control.service.js';
import { ExecutionWaiter } from './execution-waiter.service.js';
import { NodeLease } from './node-lease.service.js';
import { NoticeListener } from './notice-listener.service.js';
import { PoolWatch } from './pool-watch.service.js';
import { Pruner } from './pruner.service.js';
import { Rescuer } from './rescuer.service.js';
import { TaskFinisher } from './task-finisher.service.js';
import { TaskRunner } from './task-runner.service.js';
import { ServedPools } from './served-pools.service.js';
import { WorkflowWatch } from './workflow-watch.service.js';

/** What runs tasks. */
export const ENGINE_PROVIDERS: readonly Provider[] = [
  Dispatcher,
  EndTeller,
  EngineService,
  ExecutionControl,
  ExecutionWaiter,
  NodeLease,
  NoticeListener,
  PoolWatch,
  Pruner,
  Rescuer,
  ServedPools,
  TaskFinisher,
  TaskRunner,
  WorkflowWatch,
];
