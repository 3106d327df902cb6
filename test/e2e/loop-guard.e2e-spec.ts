import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, TriggersService, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';

@Workflow({ name: 'echo' })
class Echo {
  constructor(private readonly triggers: TriggersService) {}

  @Task()
  async again(context: TaskContext<{ turn: number }>) {
    await this.triggers.fire('echoes', { turn: context.data.turn + 1 });
  }
}

@Injectable()
class Echoes {
  @Trigger({ workflow: 'echo', pollInterval: '1h', enabled: false })
  echoes() {
    return TriggerResult.skip();
  }
}

describe.each(DIALECTS)('a workflow whose task fires its own trigger, on %s', (database) => {
  afterEach(cleanUp);

  it('ends as a dead letter at depth 17', async () => {
    const app = await boot({ database, providers: [Echo, Echoes] });
    await app.triggers.fire('echoes', { turn: 0 });
    // The first firing has depth 0, and 16 are allowed below it.
    expect(await app.kit.drain()).toMatchObject({ completed: 17, failed: 0 });
    expect(app.kit.events.of('firing.dead')).toMatchObject([{ trigger: 'echoes', reason: 'loop' }]);

    const firings = (await app.get('/echoes/firings')).items;
    expect(firings).toHaveLength(18);
    expect(firings[0]).toMatchObject({ state: 'dead', reason: 'loop', context: { turn: 17 }, executionIds: [] });
    expect((await app.get('/dead-letters')).items).toMatchObject([{ kind: 'firing', reason: 'loop' }]);
    const rows = await app.database.query('SELECT depth FROM triggers_firing ORDER BY id');
    expect(rows.map(({ depth }) => Number(depth))).toEqual([...Array(18).keys()]);
  });
});
