import { z } from 'zod';
import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { ManualRequest } from '../../libs/triggers/src/sources/manual/manual-request.js';
import { ManualTrigger } from '../../libs/triggers/src/sources/manual/manual-trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import { assertType } from './equal.js';
import type { Equal } from './equal.js';

class Month {
  month!: string;
  since!: Date;
}

class Elsewhere {
  url!: string;
}

class Export {
  read(_context: TaskContext<{ month: string }>): void {}
}

class Mail {
  send(_context: TaskContext<{ readonly to: string }>): void {}
}

const copies = z.object({ month: z.string(), copies: z.number().default(1) });

export class Accepted {
  @ManualTrigger({ workflow: Export, input: Month })
  asItCame(): void {}

  @ManualTrigger({ workflow: Export, input: Month, name: 'one', permission: 'reports:export', exclusive: true })
  @ManualTrigger({ workflow: 'by_name', input: Month, name: 'two', rateLimit: 'off', doubleClick: '5s' })
  mapped({ input, initiatedBy, reason, dryRun, trigger }: ManualRequest<Month>) {
    assertType<Equal<typeof input.since, string>>();
    return { month: input.month, facts: [initiatedBy, reason, dryRun, trigger] };
  }

  @ManualTrigger({ workflow: Export, input: copies, rateLimit: { limit: 1, per: '1h' }, dedup: { for: '7d' } })
  async schema({ input }: ManualRequest<z.input<typeof copies>>) {
    if ((input.copies ?? 1) > 9) return TriggerResult.skip('too many');
    return TriggerResult.fire({ month: input.month }, { dedupKey: input.month });
  }

  @ManualTrigger({ workflow: [Export, Mail] })
  several(_request?: ManualRequest) {
    return { month: '2026-11', to: 'a@example.test' };
  }

  @ManualTrigger({ workflow: 'by_name' })
  anything() {}

  @ManualTrigger({ workflow: Export, filter: (context) => context.month !== '' })
  sometimes({ input }: ManualRequest): { month: string } | TriggerResult<never> {
    return typeof input['month'] === 'string' ? { month: input['month'] } : TriggerResult.skip();
  }

  @ManualTrigger({
    workflow: 'by_name',
    permission: async (identity, { input, reason }) =>
      identity.permissions?.includes(`export:${String(input['month'])}`) === true && reason !== null,
  })
  decided() {
    return {};
  }
}

export class Refused {
  // @ts-expect-error -- nobody has declared that a month is sent
  @ManualTrigger({ workflow: Export })
  undeclared(): void {}

  // @ts-expect-error -- the workflow takes a month
  @ManualTrigger({ workflow: Export, input: Elsewhere })
  otherInput(): void {}

  // @ts-expect-error -- the workflow takes a month
  @ManualTrigger({ workflow: Export, input: Month })
  wrongContext({ input }: ManualRequest<Month>) {
    return { moon: input.month };
  }

  // @ts-expect-error -- one of the two ways fires the wrong context
  @ManualTrigger({ workflow: Export, input: Month })
  sometimesWrong({ dryRun }: ManualRequest<Month>) {
    return dryRun ? { month: 'a' } : TriggerResult.fire({ moon: 'a' });
  }

  // @ts-expect-error -- sometimes the input is fired, which is another
  @ManualTrigger({ workflow: Export, input: Elsewhere })
  sometimesNothing({ dryRun }: ManualRequest<Elsewhere>): { month: string } | undefined {
    return dryRun ? undefined : { month: 'a' };
  }

  // @ts-expect-error -- the second workflow takes an address
  @ManualTrigger({ workflow: [Export, Mail], input: Month })
  halfContext() {
    return { month: 'a' };
  }

  // @ts-expect-error -- nobody has looked at what was sent
  @ManualTrigger({ workflow: 'by_name' })
  unchecked({ input }: ManualRequest<Month>) {
    return { month: input.month };
  }

  // @ts-expect-error -- another input is declared
  @ManualTrigger({ workflow: 'by_name', input: Elsewhere })
  otherRequest({ input }: ManualRequest<Month>) {
    return { month: input.month };
  }

  // @ts-expect-error -- no context
  @ManualTrigger({ workflow: 'by_name' })
  returnsText() {
    return 'text';
  }

  // @ts-expect-error -- no context either
  @ManualTrigger({ workflow: 'by_name' })
  returnsList() {
    return [{ month: 'a' }];
  }

  // @ts-expect-error -- a manual trigger takes its request and nothing else
  @ManualTrigger({ workflow: 'by_name' })
  takesMore(_request: ManualRequest, _more: number) {}

  // @ts-expect-error -- who is limited can try again: nothing is delayed
  @ManualTrigger({ workflow: 'by_name', onLimit: 'delay' })
  delayed() {}

  // @ts-expect-error -- a trigger starts something
  @ManualTrigger({ input: Month })
  withoutWorkflow() {}

  // @ts-expect-error -- Nest has no instance to call
  @ManualTrigger({ workflow: 'by_name' })
  static onClass() {}
}

// @ts-expect-error -- a manual trigger is a method
@ManualTrigger({ workflow: 'by_name' })
export class NoMethod {}
