import { TriggersError } from '../model/errors.js';

const GRAMMAR = /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/;

/**
 * The name of a trigger, a workflow or a task, checked.
 *
 * @param name what the definition says
 * @param what whose name it is, for the message: `Workflow of class FileProcessor`
 * @throws TRG_DEF_INVALID_NAME for anything but a letter and up to 99 letters, digits, `_`, `.`, `-`
 * @example checkName('file_watcher', 'Trigger of InboxTriggers.fileWatcher') // 'file_watcher'
 */
export function checkName(name: unknown, what: string): string {
  if (typeof name === 'string' && GRAMMAR.test(name)) return name;
  throw new TriggersError(
    'TRG_DEF_INVALID_NAME',
    `${what}: ${JSON.stringify(name) ?? String(name)} is no name. ` +
      'Write a letter and up to 99 letters, digits, "_", "." or "-".',
  );
}
