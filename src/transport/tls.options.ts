import type { ServerOptions } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { TLS } from '../options/option-tables.js';
import { OptionsError } from '../options/option-checks.js';
import { readSection } from '../options/read-section.js';

/** One certificate, key or authority: PEM text or bytes. */
export type TlsMaterial = string | Buffer;

/** Certificate and key of a peer, and who it trusts. */
export interface TlsMaterials {
  /** Certificate (chain) of this peer, PEM. */
  cert?: TlsMaterial | undefined;
  /** Its private key, PEM. */
  key?: TlsMaterial | undefined;
  /**
   * Authorities whose certificates other peers must have, PEM.
   *
   * @defaultValue those of Node
   */
  ca?: TlsMaterial | readonly TlsMaterial[] | undefined;
  /** Passphrase of `key`. */
  passphrase?: string | undefined;
}

/**
 * HTTPS between peers: for the own listener, and for calling others. An app that the protocol is
 * mounted in serves HTTPS by its own `httpsOptions`; the same certificates are given here for the
 * calling side. Peers with TLS advertise it, so that the others call them over https.
 */
export interface TlsOptions extends TlsMaterials {
  /**
   * Whether both sides show a certificate (mutual TLS): the own listener then refuses who has none that
   * `ca` signed. A mounted app asks for it in its `httpsOptions`.
   *
   * @defaultValue `true` if `ca` is given
   */
  mutual?: boolean | undefined;
  /**
   * Name that other peers' certificates must have, because peers call each other by IP address. Without
   * it, the certificate must have the address that is called.
   *
   * @defaultValue none
   */
  servername?: string | undefined;
  /**
   * Called for new materials, `reloadInterval` after the last time, so that renewed certificates are used
   * without a restart. Connections that are open stay.
   */
  reload?: (() => TlsMaterials | Promise<TlsMaterials>) | undefined;
  /**
   * Ms between two calls of `reload`.
   *
   * @defaultValue 3,600,000 ms
   */
  reloadInterval?: number | undefined;
}

/** TlsOptions, complete. */
export interface ResolvedTls {
  readonly materials: TlsMaterials;
  readonly mutual: boolean;
  readonly servername: string | undefined;
  readonly reload: TlsOptions['reload'];
  readonly reloadInterval: number;
}

const MATERIALS = ['cert', 'key', 'ca', 'passphrase'] as const;

/**
 * Checks the section and fills in the defaults; undefined where there is none.
 *
 * @throws OptionsError that names the option
 */
export function resolveTlsOptions(
  input: unknown,
  path: string,
): ResolvedTls | undefined {
  if (input === undefined) {
    return undefined;
  }
  const given = readSection(input, path, TLS);
  const materials = readTlsMaterials(given, path);
  if (!materials.cert && !materials.ca) {
    throw new OptionsError(
      path,
      Object.keys(input as object),
      'give cert and key, or at least ca',
    );
  }
  return {
    materials,
    mutual: given.mutual ?? materials.ca !== undefined,
    servername: given.servername,
    reload: readReload(given.reload, `${path}.reload`),
    reloadInterval: given.reloadInterval,
  };
}

/** Reads certificates and keys and tries them out; used at start-up and after each reload. */
export function readTlsMaterials(
  options: Record<string, unknown>,
  path: string,
): TlsMaterials {
  const materials: TlsMaterials = {};
  for (const name of MATERIALS) {
    if (options[name] !== undefined) {
      Object.assign(materials, { [name]: options[name] });
    }
  }
  if ((materials.cert === undefined) !== (materials.key === undefined)) {
    throw new OptionsError(path, '(not shown)', 'cert and key go together');
  }
  try {
    createSecureContext(secureContextOptions(materials));
  } catch (cause) {
    throw new OptionsError(
      path,
      '(not shown)',
      `these certificates cannot be used: ${(cause as Error).message}`,
      { cause },
    );
  }
  return materials;
}

/** The materials as node:tls and node:https take them; TLS 1.2 at least. */
export function secureContextOptions(
  materials: TlsMaterials,
): SecureContextOptions {
  const { ca, ...rest } = materials;
  return {
    ...rest,
    minVersion: 'TLSv1.2',
    ...(ca === undefined
      ? {}
      : { ca: Array.isArray(ca) ? [...ca] : (ca as TlsMaterial) }),
  };
}

function readReload(value: unknown, path: string): TlsOptions['reload'] {
  if (value !== undefined && typeof value !== 'function') {
    throw new OptionsError(
      path,
      value,
      'must be a function that returns { cert, key, ca }',
    );
  }
  return value as TlsOptions['reload'];
}

/** What a server for other peers is made with: the certificate, and with `mutual` the demand for theirs. */
export function tlsServerOptions(
  { mutual }: Pick<ResolvedTls, 'mutual'>,
  materials: TlsMaterials,
): ServerOptions {
  return {
    ...secureContextOptions(materials),
    requestCert: mutual,
    rejectUnauthorized: mutual,
  };
}
