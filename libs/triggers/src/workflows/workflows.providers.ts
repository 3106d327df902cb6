import type { Provider } from '@nestjs/common';
import { WorkflowExplorer } from './workflow.explorer.js';
import { WorkflowRegistry } from './workflow.registry.js';

/** What knows the workflows. */
export const WORKFLOWS_PROVIDERS: readonly Provider[] = [WorkflowExplorer, WorkflowRegistry];
