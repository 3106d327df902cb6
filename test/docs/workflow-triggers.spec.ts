/** The code of docs/guides/workflow-triggers.md does what the page says. */
import { TriggersTestKit } from 'nestjs-triggers/testing';
import { Alarm, Bill, BillTriggers, Thank } from './workflow-triggers/billing.js';

describe('the guide to workflow triggers', () => {
  let kit: TriggersTestKit;

  beforeEach(async () => {
    kit = await TriggersTestKit.create({
      providers: [Bill, Thank, Alarm, BillTriggers],
    });
  });
  afterEach(() => kit.close());

  const ended = async (items: readonly unknown[]): Promise<unknown[]> => {
    await kit.runner.start(Bill, { customer: 'Ada', items: items as number[] });
    await kit.drain();
    return kit.events.of('execution.completed', 'execution.failed').map(({ name, workflow }) => [name, workflow]);
  };

  it('thanks a customer who was billed', async () => {
    expect(await ended([1, 2])).toEqual([
      ['execution.completed', 'bill'],
      ['execution.completed', 'thank'],
    ]);
  });

  it('thanks nobody for nothing', async () => {
    expect(await ended([])).toEqual([['execution.completed', 'bill']]);
  });
});
