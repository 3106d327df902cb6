/**
 * What the method of a webhook trigger is told: one delivery, after its signature, its JSON and its schema were checked.
 *
 * @typeParam Payload what the sender sent, as it came through JSON: a `Date` of the schema is a text here
 */
export interface WebhookEvent<Payload = unknown> {
  /** The name of the trigger. */
  readonly trigger: string;
  readonly payload: Payload;
  /** Names in lower case. A signature usually covers the body alone: do not believe the others more than you must. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parameters of the path: `{ account: 'acct_1' }` for `stripe/:account`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The dedup key, unless the method gives another one. */
  readonly key: string;
  readonly receivedAt: Date;
  /** The bytes of the body. */
  readonly rawBody: Buffer;
}

/** An answer of the author's: what is left out stays as it is. */
export interface WebhookReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, or an object as JSON. @default for a challenge nothing */
  readonly body?: string | object;
}

/** What the sender of a delivery is told when we took responsibility for it, or had nothing to do. */
export type WebhookReceipt =
  | WebhookFired
  /** Nothing starts: the method or the filter said so. */
  | (WebhookItems & { readonly status: 'skipped'; readonly reason: string; readonly firingId: string })
  /** It waits: the trigger is disabled, or it is a dead letter. */
  | (WebhookItems & { readonly status: 'kept'; readonly firingId: string });

/** What became of the items of a delivery. */
export interface WebhookItems {
  /** One for each item of `fireMany`. */
  readonly firings?: readonly WebhookReceipt[];
}

/** Something starts, or has started before. */
export interface WebhookFired extends WebhookItems {
  readonly status: 'accepted' | 'duplicate';
  /** The original's for a duplicate, as are the rest. */
  readonly firingId: string;
  readonly executionIds: readonly string[];
  readonly dedupKey: string | null;
  /** What has become of the original: `accepted`, `held`, `dead`, …, `pruned`. Of duplicates only. */
  readonly state?: string;
}
