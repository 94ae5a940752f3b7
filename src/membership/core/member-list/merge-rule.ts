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
 * The one merge rule (after SWIM): may this news replace what is known? A higher incarnation wins; at
 * equal incarnation gone beats suspect beats alive, and leaving by one's own word beats being found
 * dead. Equal news is no news.
 */
export function overrides(news: Version, known: Version): boolean {
  return news.incarnation === known.incarnation
    ? RANK[news.state] > RANK[known.state]
    : news.incarnation > known.incarnation;
}
