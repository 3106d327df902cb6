import { TriggersError } from '../../model/errors.js';
import { payloadTimeout } from '../payload/payload-timeout.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';
import { DEFAULT_WEBHOOK_OPTIONS } from './webhook-trigger.options.js';
import type { WebhookTriggerOptions } from './webhook-trigger.options.js';

const MEDIA_TYPE = /^(\*|[\w.+-]+\/[\w.+-]+)$/;

/** The options that stand for themselves. @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION for the first that has a wrong value */
export function checkWebhookOptions(
  options: WebhookTriggerOptions,
  where: string,
): Pick<WebhookDefinition, 'onInvalid' | 'whenDisabled' | 'contentTypes' | 'maxBytes' | 'timeoutMs'> {
  const { onInvalid, whenDisabled, contentTypes, maxBytes, timeout } = { ...DEFAULT_WEBHOOK_OPTIONS, ...options };
  const check = (option: keyof WebhookTriggerOptions, isRight: boolean, takes: string): void => {
    if (isRight) return;
    const message = `${where}, option "${option}" is ${JSON.stringify(options[option]) ?? typeof options[option]}; it takes ${takes}.`;
    throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
  };
  check('onInvalid', ['keep', 'reject'].includes(onInvalid), '"keep" or "reject"');
  check('whenDisabled', ['hold', 'reject'].includes(whenDisabled), '"hold" or "reject"');
  check('maxBytes', isSize(maxBytes), `a whole number of bytes from 1 to ${DEFAULT_WEBHOOK_OPTIONS.maxBytes}`);
  const areTypes = Array.isArray(contentTypes) && contentTypes.every((type) => MEDIA_TYPE.test(String(type)));
  check('contentTypes', areTypes, 'a list of media types, for example ["application/x-www-form-urlencoded"], or ["*"]');
  const timeoutMs = payloadTimeout(timeout, where);
  for (const option of ['dedupKey', 'challenge', 'respond'] as const) {
    check(option, ['undefined', 'function'].includes(typeof options[option]), 'a function');
  }
  return {
    onInvalid,
    whenDisabled: whenDisabled === 'hold' ? 'hold' : 'refuse',
    contentTypes: contentTypes.map((type) => type.toLowerCase()),
    maxBytes,
    timeoutMs,
  };
}

function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= DEFAULT_WEBHOOK_OPTIONS.maxBytes;
}
