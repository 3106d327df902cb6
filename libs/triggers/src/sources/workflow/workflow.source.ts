import { Injectable, Logger } from '@nestjs/common';
import { EndIntake } from '../../intake/end-intake.service.js';
import { whenAborted } from '../../model/abort.js';
import { errorMessage } from '../../model/text.js';
import { NodeRoles } from '../../model/node-roles.js';
import type { Source } from '../source.js';
import { EndFollower } from './end-follower.service.js';
import type { WorkflowTriggerDefinition } from './workflow-trigger.definition.js';
import { WorkflowTriggerExplorer } from './workflow-trigger.explorer.js';

/**
 * Ends of executions as a source. A node with the role `worker` follows what it declares: its own ends with their commit,
 * those of other nodes with the next renewal of its lease.
 */
@Injectable()
export class WorkflowSource implements Source {
  readonly #logger = new Logger('triggers');
  #declares = false;
  #catchingUp: Promise<void> | undefined;
  #again = false;

  constructor(
    private readonly explorer: WorkflowTriggerExplorer,
    private readonly intake: EndIntake,
    private readonly follower: EndFollower,
    private readonly roles: NodeRoles,
  ) {}

  async discover(): Promise<readonly WorkflowTriggerDefinition[]> {
    const found = await this.explorer.explore();
    for (const definition of found) this.follower.add(definition);
    this.intake.declare(new Map(found.map(({ name, follows }) => [name, follows])));
    this.#declares = found.length > 0;
    return found;
  }

  /** What other nodes follow has to be known before this one ends anything. */
  async prepare(): Promise<void> {
    if (this.#declares && this.roles.has('worker')) this.intake.serve((followUps) => this.follower.follow(followUps));
    await this.intake.learn();
  }

  async start(): Promise<void> {
    this.intake.announce();
    await this.#sweep();
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.intake.serve(null);
    await Promise.race([this.follower.whenIdle(), whenAborted(signal)]);
  }

  renewed(): Promise<void> {
    return this.#catchUp();
  }

  noticed(): Promise<void> {
    return this.#catchUp();
  }

  /** One at a time: many notices may come at once, and one more look after the last of them is enough. */
  #catchUp(): Promise<void> {
    if (this.#catchingUp !== undefined) this.#again = true;
    this.#catchingUp ??= this.#look().finally(() => (this.#catchingUp = undefined));
    return this.#catchingUp;
  }

  /** While the database is away nothing is learned; the next renewal tries again. */
  async #look(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.intake.learn();
        await this.#sweep();
      } while (this.#again);
    } catch (error) {
      this.#logger.warn(`Ends of workflows are looked for again soon: ${errorMessage(error)}`);
    }
  }

  async #sweep(): Promise<void> {
    if (this.intake.isServing) this.follower.follow(await this.intake.orphaned());
  }
}
