import type { WorkflowRefs } from '../../../intake/trigger-options.js';
import { triggerValue } from '../../poll/trigger-value.js';
import type { TriggerValue } from '../../poll/trigger-value.js';
import type { BuiltInOptions, ContextOption } from '../built-in.options.js';
import { LOOK_MS } from '../item-page.js';
import { checkTimeoutBeyond } from '../option.checks.js';
import type { DirectoryOptions, FoundFile } from './directory.options.js';
import { DirectorySource } from './directory.source.js';

/** Options of {@link directoryTrigger}: its own, and those of `@Trigger`. */
export type DirectoryTriggerOptions<W extends WorkflowRefs = WorkflowRefs> = BuiltInOptions<W> &
  DirectoryOptions &
  ContextOption<FoundFile, W>;

/**
 * Fires for every new and every changed file of a folder, each version once and for ever; see {@link DirectorySource}. A file under a
 * new name is a new file.
 *
 * @example directoryTrigger({ name: 'inbox', workflow: FileProcessor, path: './inbox', pattern: '*.csv', pollInterval: '5s' })
 */
export function directoryTrigger<const W extends WorkflowRefs>(options: DirectoryTriggerOptions<W>): TriggerValue {
  const given = options as unknown as DirectoryTriggerOptions;
  return triggerValue('directoryTrigger', { ...given, dedup: { for: 'ever' } }, (where) => {
    checkTimeoutBeyond(where, given.timeout, LOOK_MS, 'one poll looks');
    return new DirectorySource<object>(given, where);
  });
}
