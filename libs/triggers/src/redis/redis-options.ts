import { TriggersError } from '../model/errors.js';

/** The error of an option of something that stands on Redis. */
export function refuseOption(where: string, option: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "${option}" ${problem}.`);
}

/** A name that Redis knows. @throws TRG_DEF_INVALID_OPTION when it is no text, empty or too long */
export function checkRedisName(name: unknown, where: string, option: string): string {
  if (typeof name === 'string' && name !== '' && name.length <= 512) return name;
  throw refuseOption(where, option, 'is not a text of 1 to 512 characters');
}
