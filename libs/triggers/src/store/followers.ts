import type { ExecutionId, FollowUpId, NodeId } from '../model/ids.js';
import type { EndState } from '../model/states.js';

/** What of which workflow a trigger follows: as code declares it, and as its row says it to nodes that do not. */
export interface FollowRule {
  readonly workflow: string;
  readonly on: readonly EndState[];
}

/** A trigger that follows ends of one workflow. */
export interface Follower {
  readonly trigger: string;
  readonly on: readonly EndState[];
  /** Whether this node does it. */
  readonly isHere: boolean;
}

/** An end of an execution that a trigger is to follow; a row from the commit of the end to that of what it fires. */
export interface FollowUp {
  readonly id: FollowUpId;
  readonly executionId: ExecutionId;
  readonly trigger: string;
}

/** Who follows ends of executions, as the store sees it. */
export interface Followers {
  /** This node, which does what it declares. */
  readonly nodeId: NodeId;
  /** Every trigger that follows that workflow, wherever it is declared. */
  of(workflow: string): readonly Follower[];
  /** A commit left these to this node. Called in its turn, after its results were told. */
  due(followUps: readonly FollowUp[]): void;
}
