import { Injectable } from '@nestjs/common';
import { TriggersError } from '../../model/errors.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';
import { bySpecificity, matchPath } from './webhook-path.js';

/** The trigger that a path leads to. */
export interface WebhookRoute {
  readonly trigger: WebhookDefinition;
  readonly params: Readonly<Record<string, string>>;
}

/** Which path leads to which trigger. Filled at boot. */
@Injectable()
export class WebhookRoutes {
  #triggers: readonly WebhookDefinition[] = [];

  /** @throws TRG_DEF_DUPLICATE_WEBHOOK when another trigger listens there */
  add(trigger: WebhookDefinition): void {
    const other = this.#triggers.find(({ path }) => path.shape === trigger.path.shape);
    if (other !== undefined) throw taken(trigger, other);
    this.#triggers = [...this.#triggers, trigger].sort((a, b) => bySpecificity(a.path, b.path));
  }

  /** Every trigger, the more particular paths first. */
  all(): readonly WebhookDefinition[] {
    return this.#triggers;
  }

  /** @param path below the prefix, as it was sent: not decoded. A slash at its end does not count. */
  find(path: string): WebhookRoute | undefined {
    const segments = decoded(path.replace(/\/$/, ''));
    if (segments === undefined) return undefined;
    for (const trigger of this.#triggers) {
      const params = matchPath(trigger.path, segments);
      if (params !== undefined) return { trigger, params };
    }
    return undefined;
  }
}

function decoded(path: string): readonly string[] | undefined {
  try {
    const segments = path.split('/').map(decodeURIComponent);
    return segments.includes('') ? undefined : segments;
  } catch {
    // Percent signs that encode nothing.
    return undefined;
  }
}

function taken({ name, path, label }: WebhookDefinition, other: WebhookDefinition): TriggersError {
  return new TriggersError(
    'TRG_DEF_DUPLICATE_WEBHOOK',
    `Trigger "${name}" (${label}), option "path": "${path.text}" is where trigger "${other.name}" (${other.label}) listens ` +
      `("${other.path.text}"). Give one of them another path; one trigger may start several workflows.`,
  );
}
