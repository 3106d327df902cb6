import type { Provider } from '@nestjs/common';
import { EndFollower } from './end-follower.service.js';
import { WorkflowSource } from './workflow.source.js';
import { WorkflowTriggerExplorer } from './workflow-trigger.explorer.js';

/** What follows ends of executions. */
export const WORKFLOW_SOURCE_PROVIDERS: readonly Provider[] = [EndFollower, WorkflowSource, WorkflowTriggerExplorer];
