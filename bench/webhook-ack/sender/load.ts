/** What a sender sends. */
export interface Load {
  readonly port: number;
  /** Kept alive, one request at a time on each. */
  readonly connections: number;
  readonly count: number;
  /** Ids start with it: the same name and time are the same deliveries, byte for byte. */
  readonly name: string;
  /** The signed time, Unix time in seconds. */
  readonly time: number;
  /** So many a second, whether they are answered or not; `null`: each connection sends its next when it has an answer. */
  readonly perSecond: number | null;
  /** How every answer must begin. */
  readonly expects: 'accepted' | 'duplicate';
}

/** What came of it. Latency is in ms from when a delivery was due, so that a sender that comes late hides nothing. */
export interface Answered {
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}
