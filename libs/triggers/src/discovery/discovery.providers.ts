import type { Provider } from '@nestjs/common';
import { DefinitionProblems } from './definition-problems.js';
import { ProviderExplorer } from './provider.explorer.js';

/** What finds definitions. */
export const DISCOVERY_PROVIDERS: readonly Provider[] = [DefinitionProblems, ProviderExplorer];
