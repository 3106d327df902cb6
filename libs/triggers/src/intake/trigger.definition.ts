import type { JsonObject } from '../model/json.js';
import type { SourceKind } from '../model/states.js';
import type { FollowRule } from '../store/followers.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';

/** How long a dedup key is held, resolved. */
export type ResolvedDedup =
  | { readonly scope: 'running'; readonly cooldown: boolean }
  | { readonly scope: 'window'; readonly windowMs: number }
  | { readonly scope: 'ever' }
  | { readonly scope: 'off' };

/** At most `limit` firings in any window of `perMs`. */
export interface RateLimitMs {
  readonly limit: number;
  readonly perMs: number;
}

/** A trigger as intake needs it, whatever its source: checked, with every default filled in. */
export interface TriggerDefinition {
  readonly name: string;
  readonly kind: SourceKind;
  readonly aliases: readonly string[];
  /** What starts; several start together from one firing. */
  readonly workflows: readonly WorkflowDefinition[];
  /** What the code and `forRoot` say; an operator's override is in the store. */
  readonly enabled: boolean;
  readonly dedup: ResolvedDedup;
  readonly filter: ((context: JsonObject) => boolean | Promise<boolean>) | null;
  readonly rateLimit: RateLimitMs | null;
  readonly onLimit: 'delay' | 'skip';
  readonly priority: number;
  /** How long the application's code may take over one payload: schema, method and filter together. Nobody waits longer than a minute. */
  readonly timeoutMs: number;
  /** `'string'`: integers that JSON readers would round become text; `null`: they are refused. */
  readonly bigNumbers: 'string' | null;
  /** Class and method, for messages. */
  readonly label: string;
  /** What the source adds for people: `pollInterval`, `timeout`, … Shown by the API under `options`. */
  readonly options: JsonObject;
  /** The ends of executions that it follows, where that is its source. */
  readonly follows?: FollowRule | undefined;
  /** What was sent stands on every firing, also where nothing goes wrong: whoever replays one is judged by it. */
  readonly keepsPayload?: boolean;
  /** The interval between polls as declared, where the source has one. */
  readonly pollIntervalMs: number | null;
}
