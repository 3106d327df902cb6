import type { Duration } from '../../model/duration.js';
import type { Identity } from '../../model/identity.js';
import type { InputSchema } from '../../intake/trigger-input.js';
import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { RateLimit, TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import type { ManualRequest } from './manual-request.js';

/**
 * Who may fire a manual trigger over the admin API, besides having the role `operator` there: a role, a permission that
 * `admin.identify` gives, or a function. The function is asked before the input is judged, so it gets that as it was sent.
 */
export type ManualPermission = string | ((identity: Identity, request: ManualRequest) => boolean | Promise<boolean>);

/** Options of `@ManualTrigger`. */
export interface ManualTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  I extends InputSchema = InputSchema,
> extends Omit<TriggerBaseOptions<W>, 'onLimit' | 'rateLimit'> {
  /**
   * What may be sent: a class with class-validator decorators or a Standard Schema. It is judged before the method is
   * called, and shown as a form. It only checks and never transforms. @default anything
   */
  readonly input?: I;
  /** Who may fire it over the admin API. Programs are trusted: they are not asked. @default the role `operator` */
  readonly permission?: ManualPermission;
  /** How often one user may fire it; `'off'` for no limit. @default DEFAULT_MANUAL_OPTIONS.rateLimit */
  readonly rateLimit?: RateLimit | 'off';
  /** Whether it is refused while an execution of it has not ended. @default DEFAULT_MANUAL_OPTIONS.exclusive */
  readonly exclusive?: boolean;
  /**
   * How long the same input of the same user counts as one click, where no `Idempotency-Key` is sent; `'off'` for not at
   * all. @default DEFAULT_MANUAL_OPTIONS.doubleClick
   */
  readonly doubleClick?: Duration | 'off';
  /**
   * How long all code of the application may take for one fire, at most 60 s: `input`, the method, the `input` of the workflow and `filter`
   * together. Beyond it nothing is fired and whoever fires is told so (`TRG_TRIGGER_TIMEOUT`); what is answered later does not count. A replay
   * has as long. @default DEFAULT_MANUAL_OPTIONS.timeout
   */
  readonly timeout?: Duration;
}

/** The defaults of {@link ManualTriggerOptions}. */
export const DEFAULT_MANUAL_OPTIONS = {
  aliases: DEFAULT_TRIGGER_OPTIONS.aliases,
  enabled: DEFAULT_TRIGGER_OPTIONS.enabled,
  cooldown: DEFAULT_TRIGGER_OPTIONS.cooldown,
  priority: DEFAULT_TRIGGER_OPTIONS.priority,
  dedup: 'off',
  rateLimit: { limit: 10, per: '1m' },
  exclusive: false,
  doubleClick: '2s',
  timeout: '30s',
} as const satisfies Partial<ManualTriggerOptions>;
