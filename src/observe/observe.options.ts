import { OBSERVE } from '../options/option-tables.js';
import { readSection } from '../options/read-section.js';

/**
 * What observers may do: those who look at the cloud by `npx nestjs-peercloud`, and are no members. In a
 * signed cloud they sign as members do.
 */
export interface ObserveOptions {
  /**
   * Whether an open cloud may be observed from other machines too, from where members may come; without it,
   * from the peer's own machine only. They see all
   * members' data and have this peer send messages, as whoever joins could.
   *
   * @defaultValue `false`
   */
  remote?: boolean | undefined;

  /**
   * Whether an observer may replace the secret of the cloud while it runs (`keys rotate`, docs/command.md).
   * All peers have to allow it. Whoever holds the secret can lock out all others then.
   *
   * @defaultValue `false`
   */
  rotate?: boolean | undefined;
}

/** ObserveOptions, complete. */
export interface ResolvedObserveOptions {
  readonly remote: boolean;
  readonly rotate: boolean;
}

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveObserveOptions(
  input: unknown,
  path: string,
): ResolvedObserveOptions {
  return readSection(input, path, OBSERVE);
}
