import { errorMessage } from '../../../model/text.js';
import type { Verification } from '../verify/verifier.js';
import { refusal, unavailable } from './answers.js';
import type { Passage } from './passage.js';
import type { Step } from './step.js';

/** The signature. The sender is told nothing of the reason, the ledger is. */
export const verifySender: Step = async (passage, { refusals }) => {
  const verification = await verificationOf(passage);
  if (verification.ok) {
    passage.provenKey = verification.key ?? null;
    return undefined;
  }
  if (verification.unavailable) return unavailable('The sender cannot be checked just now.');
  refusals.note(passage, `not verified: ${verification.reason}`);
  return refusal('TRG_WEBHOOK_UNVERIFIED', 'The sender of this delivery is not known.');
};

/** A preset never throws; one that an author wrote may. */
async function verificationOf({ trigger, delivery }: Passage): Promise<Verification> {
  try {
    return await trigger.check.verify(delivery);
  } catch (error) {
    return { ok: false, reason: `the check threw: ${errorMessage(error)}` };
  }
}
