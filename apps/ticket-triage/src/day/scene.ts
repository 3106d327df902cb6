import type { AppProcess } from 'play';
import type { ModelStub } from '../model/model.stub.js';
import type { AdminClient } from './admin.client.js';
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

/** How long an act waits for what it has started. */
export const PATIENCE_MS = 60_000;
