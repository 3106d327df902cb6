import { setTimeout as wait } from 'node:timers/promises';
import type { ModelStub } from '../model/model.stub.js';
import type { AdminClient } from './admin.client.js';
import type { AppProcess } from './app-process.js';
import type { Helpdesk } from './helpdesk.js';
import type { Story } from './story.js';
import type { TicketSystem } from './ticket-system.js';

/** Everybody who takes part in the day. */
export interface Scene {
  readonly app: AppProcess;
  readonly model: ModelStub;
  readonly helpdesk: Helpdesk;
  readonly ticketSystem: TicketSystem;
  readonly admin: AdminClient;
  readonly tell: (text: string) => void;
}

/** A part of the day: what happens in it, and what should come of that. */
export type Act = (scene: Scene, before: readonly Story[]) => Promise<Story[]>;

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 60_000;

/** Asks again until the answer is yes. @returns whether it came */
export async function comes(ask: () => boolean | Promise<boolean>, withinMs = PATIENCE_MS): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await wait(LOOK_EVERY_MS)) {
    if (await ask()) return true;
  }
  return false;
}
