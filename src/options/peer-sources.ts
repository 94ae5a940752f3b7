import { resolveSrv } from 'node:dns/promises';
import { open } from 'node:fs/promises';
import { isHostName } from '../wire/address.js';
import { OptionsError } from './option-checks.js';

/**
 * A seed: `'host:port'`, `'host'`, `'[::1]:9338'` or an object. The port may be a string of
 * digits; without one, or with 0, it is 9338.
 */
export type PeerAddressInput =
  string | { ip: string; port?: number | string | undefined };

/**
 * Where seeds come from that change while the app runs: a registry, an API. It is asked each time that
 * seeds are dialled: about once a second while this peer is alone, and a few times a second by a whole
 * cloud. What it says is a hint: nobody becomes a member by it who does not answer, and nobody loses a
 * membership. When it fails, the log says so, and what it said before still counts.
 */
export interface PeerSource<Seed = PeerAddressInput> {
  /** Names it in the log. */
  readonly name: string;
  /**
   * The seeds of this moment, this peer's own address among them or not. Of more than 512, as many by chance
   * are taken.
   *
   * @param signal aborts after `membership.joinTimeout`, and when this peer leaves. Until the promise is
   * settled, the source is not asked again.
   */
  seeds(signal: AbortSignal): readonly Seed[] | Promise<readonly Seed[]>;
}

/** What a name of SRV records begins with among the seeds. */
export const SRV_PREFIX = 'srv:';

/** Largest file of seeds, in bytes. */
const MAX_FILE_BYTES = 256 * 1024;

/**
 * Seeds in a file: an address in each line, as in the option `peers`; what follows a `#` is a comment. It
 * is read anew each time, so it may be replaced, also by way of links as Kubernetes does it, or be missing
 * for a while.
 *
 * @param path of a file of 256 KiB at most, where it is relative from the working directory
 * @throws OptionsError if it is no path
 */
export function fileSource(path: string): PeerSource {
  if (typeof path !== 'string' || path === '') {
    throw new OptionsError(
      'fileSource()',
      path,
      "must be the path of a file, like fileSource('/etc/app/peers.txt')",
    );
  }
  return {
    name: `file ${path}`,
    seeds: async () => {
      const lines = (await readText(path)).split('\n');
      return lines
        .map((line) => line.replace(/#.*/, '').trim())
        .filter((line) => line !== '');
    },
  };
}

/**
 * Targets of the SRV records of a name. All are seeds alike: priority and weight do not count.
 *
 * @throws OptionsError if it is no name
 */
export function srvSource(
  text: string,
  path: string,
  resolve: (
    name: string,
  ) => Promise<{ name: string; port: number }[]> = resolveSrv,
): PeerSource {
  const name = text.slice(SRV_PREFIX.length);
  if (!isHostName(name)) {
    throw new OptionsError(
      path,
      text,
      "must be the name of SRV records, like 'srv:_peers._tcp.app.default.svc.cluster.local'",
    );
  }
  return {
    name: text,
    seeds: async () =>
      (await resolve(name)).map((record) => ({
        ip: record.name,
        port: record.port,
      })),
  };
}

async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) {
      throw new Error(`larger than ${MAX_FILE_BYTES} bytes`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
