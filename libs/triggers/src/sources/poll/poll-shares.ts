import type { HeldTriggers, TriggerHoldings } from '../../intake/poll-intake.js';
import type { NodeId } from '../../model/ids.js';

/** What a node does to get its share of the triggers that it declares. */
export interface SharePlan {
  /** So many of the free ones are taken. */
  readonly take: number;
  /** So many are asked of these nodes, the richest first. */
  readonly want: readonly { readonly from: NodeId; readonly count: number }[];
}

/** What a node knows when it decides. */
export interface ShareView {
  readonly me: NodeId;
  /** Who holds how many triggers, asked about those that this node declares. */
  readonly holdings: TriggerHoldings;
  /** The same at its last look; `null` at its first. */
  readonly before: TriggerHoldings | null;
}

/** A living node among those that share. */
interface Member {
  readonly id: NodeId;
  /** What it polls, or will when everything that is wanted now has been handed over, whoever else declares it. */
  readonly share: number;
  /** What it polls, this node declares, and nobody wants. */
  readonly movable: number;
}

/**
 * How one node comes to its share: it sees how much each node polls, and which of that it could poll itself; nobody
 * knows what others declare.
 *
 * Free ones first, up to a fair share: at the first look every living node may want some, later only those that hold some.
 * What is free at two looks in a row is taken whole, because perhaps nobody else can. Then it is planned how as few
 * as possible would move until no two members differ by more than one, and this node asks for its part of that plan;
 * all who see the same make the same plan, so together they ask for no more than there is to give. Where nothing has
 * moved since the last look, members that are poorer cannot take more: then it plans with the richer ones alone.
 *
 * Whatever moves goes from a node to one that holds at least two less. That makes the sum of the squares of all shares
 * smaller, so an end is reached, after which nothing is asked any more.
 */
export function planShares({ me, holdings, before }: ShareView): SharePlan {
  const members = membersOf(me, holdings, before === null);
  const free = freeOf(holdings.groups);
  const take = before !== null && freeOf(before.groups) > 0 ? free : Math.min(free, roomOf(me, members, free));
  if (take < free) return { take, want: [] };
  const mine = shareOf(me, members) + take;
  // A richer one that has nothing to give would only make the average look higher.
  const sharing = members
    .map((member) => (member.id === me ? { ...member, share: mine } : member))
    .filter(({ share, movable }) => share <= mine || movable > 0);
  const want = wishesOf(me, sharing);
  if (want.length > 0 || before === null || !isSame(before, holdings)) return { take, want };
  const richer = sharing.filter(({ id, share }) => id === me || share >= mine + 2);
  return { take, want: wishesOf(me, richer) };
}

function membersOf(me: NodeId, { living, groups }: TriggerHoldings, isFirst: boolean): Member[] {
  const held = groups.filter(({ asked }) => asked).flatMap(({ owner, wanter }) => [owner, wanter]);
  const ids = new Set([me, ...held.filter((id) => id !== null), ...(isFirst ? living : [])]);
  return [...ids].map((id) => ({
    id,
    share: count(groups, ({ owner, wanter }) => (wanter ?? owner) === id),
    movable: count(groups, ({ asked, owner, wanter }) => asked && owner === id && wanter === null),
  }));
}

function freeOf(groups: readonly HeldTriggers[]): number {
  return count(groups, ({ asked, owner }) => asked && owner === null);
}

/** How many this node may take before it has more than its fair share. */
function roomOf(me: NodeId, members: readonly Member[], free: number): number {
  const all = members.reduce((sum, { share }) => sum + share, free);
  return Math.max(0, Math.ceil(all / members.length) - shareOf(me, members));
}

function shareOf(me: NodeId, members: readonly Member[]): number {
  return members.find(({ id }) => id === me)?.share ?? 0;
}

/** What this node asks for so that the members become even: those with most give, those with least are served first. */
function wishesOf(me: NodeId, members: readonly Member[]): SharePlan['want'] {
  const sorted = [...members].sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1));
  const all = sorted.reduce((sum, { share }) => sum + share, 0);
  const [each, over] = [Math.floor(all / sorted.length), all % sorted.length];
  const lacks = sorted.map(({ share }, at) => each + (at < over ? 1 : 0) - share);
  const mine = sorted.findIndex(({ id }) => id === me);
  let lacking = lacks[mine] ?? 0;
  // What goes to others comes before.
  let others = lacks.slice(mine + 1).reduce((sum, lack) => sum + Math.max(0, lack), 0);
  const want: { readonly from: NodeId; readonly count: number }[] = [];
  sorted.forEach(({ id, movable }, at) => {
    const spare = Math.min(movable, Math.max(0, -(lacks[at] ?? 0)));
    const toOthers = Math.min(spare, others);
    const toMe = Math.min(spare - toOthers, lacking);
    others -= toOthers;
    if (toMe <= 0) return;
    lacking -= toMe;
    want.push({ from: id, count: toMe });
  });
  return want;
}

/** Whether nothing that this node declares has moved between two looks. */
function isSame(a: TriggerHoldings, b: TriggerHoldings): boolean {
  return textOf(a) === textOf(b);
}

function textOf({ groups }: TriggerHoldings): string {
  const asked = groups.filter((group) => group.asked);
  return asked
    .map(({ owner, wanter, triggers }) => `${owner} ${wanter} ${triggers}`)
    .sort()
    .join();
}

function count(groups: readonly HeldTriggers[], belongs: (group: HeldTriggers) => boolean): number {
  return groups.reduce((sum, group) => (belongs(group) ? sum + group.triggers : sum), 0);
}
