import { contextToJson } from '../../../model/context.js';
import { TriggersError } from '../../../model/errors.js';
import { isPlainObject } from '../../../model/json.js';
import type { FireItem } from '../../../model/trigger-result.js';

/** What a program fires through an outbox, besides the name of the trigger. */
export interface ProgramFiring extends FireItem {
  readonly initiatedBy?: string | undefined;
  readonly reason?: string | undefined;
}

/** Its form in the outbox. @throws TRG_CONTEXT_* for a context that no firing could have, TRG_FIRE_OPTION */
export function programFiringToJson(firing: ProgramFiring, what: string, bigNumbers?: 'string'): string {
  const { context, runAt, ...rest } = firing;
  if (runAt !== undefined && !(runAt instanceof Date && Number.isFinite(runAt.getTime())))
    throw new TriggersError('TRG_FIRE_OPTION', `${what}: "runAt" is no valid Date.`);
  const json = contextToJson(context, { what: `${what}: the context`, bigNumbers });
  return `{"options":${JSON.stringify({ ...rest, runAt: runAt?.toISOString() })},"context":${json}}`;
}

/** What {@link programFiringToJson} wrote. @throws SyntaxError, TypeError for something else */
export function readProgramFiring(json: string): ProgramFiring {
  const read: unknown = JSON.parse(json);
  const { options, context } = isPlainObject(read) ? read : {};
  if (!isPlainObject(options) || !isPlainObject(context)) throw new TypeError('The row is no { options, context }.');
  const { runAt, ...rest } = options as { readonly runAt?: string };
  return { ...rest, context, ...(runAt !== undefined && { runAt: new Date(runAt) }) };
}
