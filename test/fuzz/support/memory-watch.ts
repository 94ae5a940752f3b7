import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1024 * 1024;

/** Growth over a run that is no leak: compiled code, caches that have a bound, pools of connections. */
const ALLOWED_GROWTH = 48 * MIB;

/** Compares the heap near the start of a run with the heap at its end. */
export class MemoryWatch {
  readonly #collect: () => void;
  #before: number | undefined;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  /** Looks for the first time; to be called when everything has been used once. */
  begin(): void {
    this.#before ??= this.#used();
  }

  /** Bytes by which the heap has grown since the first look. */
  get growth(): number {
    return this.#used() - (this.#before ?? 0);
  }

  /** Fails if the heap has grown more than caches and compiled code explain. */
  expectFlat(): void {
    if (this.#before === undefined) {
      return;
    }
    const { growth } = this;
    console.log(`heap: ${(growth / MIB).toFixed(1)} MiB more than at first`);
    expect(growth).toBeLessThan(ALLOWED_GROWTH);
  }

  #used(): number {
    this.#collect();
    this.#collect();
    return process.memoryUsage().heapUsed;
  }
}
