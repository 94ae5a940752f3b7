import type { MemberState } from '../membership.types.js';

/** What the merge rule looks at. */
export interface Version {
  readonly incarnation: number;
  readonly state: MemberState;
}

/** At equal incarnation, the higher rank wins. */
const RANK: Record<MemberState, number> = {
  alive: 0,
  suspect: 1,
  dead: 2,
  left: 3,
};

/**
 * The one merge rule (after SWIM): may this update replace what is known? A higher incarnation wins; at
 * equal incarnation gone beats suspect beats alive, and a member's own word that it leaves beats being
 * found dead. An equal update changes nothing.
 */
export function overrides(update: Version, known: Version): boolean {
  return update.incarnation === known.incarnation
    ? RANK[update.state] > RANK[known.state]
    : update.incarnation > known.incarnation;
}
