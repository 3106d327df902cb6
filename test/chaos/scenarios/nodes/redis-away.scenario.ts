import { pause } from '../../pause.js';
import type { World } from '../../world/world.js';
import { amongNodes } from './among-nodes.js';

/** Redis dies and comes back, with its data (of a moment ago), or empty; or it stands still for a while. Messages are lost, late and doubled. */
export const redisAway = amongNodes({
  name: 'redis-away',
  needs: 'bullmq',
  async fault(world) {
    const { random } = world;
    for (let times = random.between(1, 3); times > 0; times -= 1) {
      await pause(random.between(20, 900));
      world.notes.push(await (random.chance(0.3) ? standStill(world) : die(world)));
    }
    await pause(random.between(0, 500));
  },
});

async function die({ random, redis }: World): Promise<string> {
  const ms = random.between(0, 2_000);
  const empty = random.chance(0.5);
  await redis.kill();
  await pause(ms);
  await redis.revive({ empty });
  return `away for ${ms} ms, back ${empty ? 'empty' : 'with its data'}`;
}

async function standStill({ random, redis }: World): Promise<string> {
  const ms = random.between(200, 3_000);
  redis.suspend();
  await pause(ms);
  redis.goOn();
  return `stood still for ${ms} ms`;
}
