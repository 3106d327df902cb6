import { Injectable } from '@nestjs/common';
import { IntakeService } from '../../intake/intake.service.js';
import { PayloadWork } from '../../intake/payload-work.js';
import { Clock } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { EventBus } from '../../model/events.js';
import type { Json } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { checkJson, readJson } from '../payload/json-text.js';
import { mappedPayload } from '../payload/mapped-payload.js';
import { judgeFire } from './fire.step.js';
import type { DeliveredMessage } from './message-source.js';
import type { MessageDefinition } from './message-trigger.definition.js';
import type { Passage } from './passage.js';
import { failed, letterOf } from './verdict.js';
import type { Ending, Step, Verdict } from './verdict.js';

/** In this order, each by what is asked in it. */
const STEPS: readonly (readonly [what: string, step: Step])[] = [
  ['body', readBody],
  ['schema', checkSchema],
  ['method', mapMessage],
  ['check of its context', judgeFire],
];

/**
 * What happens to one delivery of a message: body → schema → method → filter → commit. Nothing is acknowledged before the commit;
 * that waits for the database as long as it takes, and what comes before it no longer than the trigger's `timeout`.
 */
@Injectable()
export class MessagePipe {
  readonly #work: PayloadWork;

  constructor(
    private readonly intake: IntakeService,
    events: EventBus,
    clock: Clock,
  ) {
    // How many are waited for is the prefetch's affair.
    this.#work = new PayloadWork(clock, events);
  }

  /**
   * What becomes of it. Code of the author's that does not end in time has failed: a message on which it hangs would keep its place for
   * ever. While a thousand calls still go on after their time, messages wait with the broker.
   *
   * @throws TRG_STORE_UNAVAILABLE when the application stops, or too much waits for the database
   */
  async receive(passage: Passage): Promise<Verdict> {
    const { trigger } = passage;
    let asked = '';
    const walk = async (isOver: () => boolean): Promise<Verdict | Ending> => {
      for (const [what, step] of STEPS) {
        if (isOver()) break;
        asked = what;
        const end = await step(passage, this.intake);
        if (end !== undefined) return end;
      }
      throw new TypeError('The last step always ends it.');
    };
    const end = await this.#work.run(trigger, walk, (why): Verdict => {
      if (why === 'full') return { is: 'later', reason: 'too many calls of its code have not ended' };
      return failed(`the ${asked} did not end within ${formatDuration(trigger.timeoutMs)}`);
    });
    return typeof end === 'function' ? end() : end;
  }

  /** Keeps what cannot start anything, with its body. @throws as {@link receive} */
  async bury(passage: Passage, reason: string): Promise<void> {
    await this.intake.reject(letterOf(passage, { reason, key: passage.key }));
  }
}

/** The body of a message as a value, as the trigger wants it. @throws TypeError that says what is wrong with it */
export function bodyOf({ bigNumbers }: Pick<MessageDefinition, 'bigNumbers'>, body: DeliveredMessage['body']): Json {
  const rules = { bigNumbers, refuse: (problem: string) => new TypeError(problem) };
  if ('json' in body) return checkJson(body.json, rules);
  if (body.unreadable !== undefined) throw rules.refuse(body.unreadable);
  return readJson(body.text, rules);
}

/** Calls the method of the trigger. @throws whatever it throws; TypeError for what is neither a context nor a result */
export async function callMethod(passage: Passage): Promise<TriggerResult> {
  const { trigger, body } = passage;
  return mappedPayload(await trigger.invoker.invoke([passage.message]), body, trigger.label);
}

async function readBody(passage: Passage): Promise<Verdict | undefined> {
  try {
    passage.body = bodyOf(passage.trigger, passage.delivered.body);
    return undefined;
  } catch (error) {
    return failed(errorMessage(error));
  }
}

async function checkSchema({ trigger, body = null }: Passage): Promise<Verdict | undefined> {
  const fields = (await trigger.schema?.(body)) ?? [];
  return fields.length === 0 ? undefined : failed(`the payload does not fit: ${fields.join('; ')}`);
}

async function mapMessage(passage: Passage): Promise<Verdict | undefined> {
  try {
    passage.result = await callMethod(passage);
    return undefined;
  } catch (error) {
    return failed(`the method threw: ${errorMessage(error)}`);
  }
}
