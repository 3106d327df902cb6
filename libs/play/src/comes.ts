import { setTimeout as wait } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** Asks again until the answer is yes. @returns whether it came */
export async function comes(ask: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await wait(LOOK_EVERY_MS)) {
    if (await ask()) return true;
  }
  return false;
}
