import type { Step } from './step.js';

/** What the vendor sends signed, and wants answered in its own way. */
export const answerVendor: Step = ({ trigger: { verifier }, delivery, payload = null }) =>
  verifier.challenge?.(delivery, payload) ?? undefined;
