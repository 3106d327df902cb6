import { Inject, Injectable } from '@nestjs/common';
import { NodeRoles } from '../model/node-roles.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { checkPools } from './engine.options.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { ENGINE_OPTIONS } from './tokens.js';

/** The pools whose tasks this process runs: those of `worker.pools`, else all that its workflows declare; none without the role `worker`. */
@Injectable()
export class ServedPools {
  #names: ReadonlySet<string> | undefined;
  #inOrder: readonly string[] = [];
  #turn = 0;

  constructor(
    private readonly workflows: WorkflowRegistry,
    private readonly roles: NodeRoles,
    @Inject(ENGINE_OPTIONS) private readonly options: ResolvedEngineOptions,
  ) {}

  /** In the order of the options. */
  get all(): readonly string[] {
    this.#known();
    return this.#inOrder;
  }

  has(pool: string): boolean {
    return this.#known().has(pool);
  }

  /** {@link all}, each time beginning with the next one. */
  inTurn(): readonly string[] {
    const { all } = this;
    if (all.length < 2) return all;
    this.#turn = (this.#turn + 1) % all.length;
    return [...all.slice(this.#turn), ...all.slice(0, this.#turn)];
  }

  /** Once the workflows are known. @throws TRG_DEF_INVALID_OPTION for a pool that no task declares */
  check(): void {
    checkPools(this.options, this.workflows.pools());
  }

  /** Workflows are declared at boot and then stand. */
  #known(): ReadonlySet<string> {
    if (this.#names !== undefined) return this.#names;
    this.#inOrder = this.roles.has('worker') ? (this.options.pools ?? this.workflows.pools()) : [];
    return (this.#names = new Set(this.#inOrder));
  }
}
