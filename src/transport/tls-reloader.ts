import { messageOf } from '../errors/error-text.js';
import {
  readTlsMaterials,
  type ResolvedTls,
  type TlsMaterials,
} from './tls.options.js';

/**
 * Holds the certificates of a peer and renews them by the option `tls.reload`. Materials that cannot
 * be used are refused with a warning, and the old ones stay.
 */
export class TlsReloader {
  #current: TlsMaterials;
  readonly #listeners: ((materials: TlsMaterials) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  readonly #tls: ResolvedTls;
  readonly #logger: {
    log(message: string): void;
    warn(message: string): void;
  };

  constructor(
    tls: ResolvedTls,
    logger: {
      log(message: string): void;
      warn(message: string): void;
    },
  ) {
    this.#tls = tls;
    this.#logger = logger;
    this.#current = tls.materials;
  }

  /** What is in use now. */
  get materials(): TlsMaterials {
    return this.#current;
  }

  /** Called with new materials, each time there are some. */
  onChange(listener: (materials: TlsMaterials) => void): void {
    this.#listeners.push(listener);
  }

  /** Starts to reload at the interval of the options; does nothing without `tls.reload`. */
  start(): void {
    if (!this.#tls.reload || this.#timer) {
      return;
    }
    this.#timer = setInterval(
      () => void this.reload(),
      this.#tls.reloadInterval,
    ).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Reloads once; true if new materials are in use. Never rejects. */
  async reload(): Promise<boolean> {
    try {
      const loaded = await this.#tls.reload?.();
      if (!loaded) {
        return false;
      }
      const materials = readTlsMaterials({ ...loaded }, 'tls.reload()');
      if (sameMaterials(materials, this.#current)) {
        return false;
      }
      this.#current = materials;
      for (const listener of this.#listeners) {
        listener(materials);
      }
      this.#logger.log('new TLS certificates are in use');
      return true;
    } catch (error) {
      this.#logger.warn(
        `the TLS certificates stay as they are: ${messageOf(error)}`,
      );
      return false;
    }
  }
}

function sameMaterials(a: TlsMaterials, b: TlsMaterials): boolean {
  const text = ({ cert, key, ca, passphrase }: TlsMaterials) =>
    [cert, key, ca, passphrase].flat().map(String).join('\n');
  return text(a) === text(b);
}
