import type { ExecutionId } from '../../model/ids.js';
import type { ExecutionFacts } from '../claimer.js';
import { run } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { releaseKeys } from './dedup-release.statements.js';
import type { EndedTask, ExecutionEnd } from './ended-task.js';
import { COUNT_EXECUTIONS } from './graph.statements.js';

interface EndedFiring {
  readonly facts: ExecutionFacts;
  readonly ended: Set<ExecutionId>;
  readonly failed: Set<ExecutionId>;
}

/** Gives dedup keys back with the last execution of each firing. */
export function* releaseEnded(
  ended: readonly Pick<EndedTask, 'facts'>[],
  ends: ReadonlyMap<ExecutionId, ExecutionEnd>,
): Work<void> {
  const firings = new Map<string, EndedFiring>();
  for (const { facts } of ended) {
    const end = ends.get(facts.executionId);
    if (end === undefined) continue;
    const firing = firings.get(facts.firingId) ?? { facts, ended: new Set(), failed: new Set() };
    firing.ended.add(facts.executionId);
    if (end.state === 'failed') firing.failed.add(facts.executionId);
    firings.set(facts.firingId, firing);
  }
  yield* releaseKeys(
    (yield* lastOnes([...firings.values()])).flatMap(({ facts, failed }) =>
      facts.dedup ? [{ hold: facts.dedup, firingId: facts.firingId, failed }] : [],
    ),
  );
}

/** Firings whose last execution has ended. Those of a single execution need no counting. */
function* lastOnes(
  firings: readonly EndedFiring[],
): Work<{ readonly facts: ExecutionFacts; readonly failed: boolean }[]> {
  const last = firings
    .filter(({ facts }) => facts.siblings === 1)
    .map(({ facts, failed }) => ({ facts, failed: failed.size > 0 }));
  const several = firings
    .filter(({ facts }) => facts.siblings > 1)
    .sort((a, b) => (a.facts.firingId < b.facts.firingId ? -1 : 1));
  for (const row of yield* run(
    COUNT_EXECUTIONS,
    several.map(({ facts, ended, failed }) => [facts.firingId, ended.size, failed.size]),
  )) {
    const firing = several.find(({ facts }) => facts.firingId === row['id']);
    if (firing !== undefined && Number(row['open_executions']) <= 0)
      last.push({ facts: firing.facts, failed: Number(row['failed_executions']) > 0 });
  }
  return last;
}
