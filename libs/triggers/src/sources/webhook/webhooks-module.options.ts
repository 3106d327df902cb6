import { TriggersError } from '../../model/errors.js';

/** Options of the webhooks of an application. */
export interface WebhooksOptions {
  /** Where they live, below the application's global prefix. @default DEFAULT_WEBHOOKS_OPTIONS.prefix */
  readonly prefix?: string;
  /**
   * Applied to the controller of all webhooks: what guards of the application look for, `[Public(), SkipThrottle()]`, or guards
   * of its own, `[UseGuards(FromVendors)]`, which are asked before anything is verified. @default none
   */
  readonly decorators?: readonly ClassDecorator[];
}

/** The defaults of {@link WebhooksOptions}. */
export const DEFAULT_WEBHOOKS_OPTIONS = { prefix: 'webhooks', decorators: [] } as const satisfies WebhooksOptions;

/** {@link WebhooksOptions}, checked. */
export interface ResolvedWebhooksOptions {
  /** Without slashes at its ends. */
  readonly prefix: string;
}

/** What the module was given, for notices. */
export interface GivenWebhooks {
  /** `webhooks: false`. */
  readonly isOff: boolean;
  /** This process serves them. */
  readonly isMounted: boolean;
  /** How many decorators there are. */
  readonly decorators: number;
}

/** Injects {@link ResolvedWebhooksOptions}, where webhooks are served. */
export const WEBHOOKS_OPTIONS = Symbol.for('nestjs-triggers:webhooks-options');

/** Injects {@link GivenWebhooks}. */
export const GIVEN_WEBHOOKS = Symbol.for('nestjs-triggers:given-webhooks');

const PREFIX = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/;

/** The prefix without slashes at its ends. @throws TRG_DEF_INVALID_OPTION */
export function webhooksPrefix({ prefix = DEFAULT_WEBHOOKS_OPTIONS.prefix }: WebhooksOptions): string {
  const bare = prefix.replace(/^\/+|\/+$/g, '');
  if (PREFIX.test(bare)) return bare;
  throw new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `Option "webhooks.prefix" is "${prefix}"; use words with slashes between them, for example "webhooks".`,
  );
}
