import { Injectable } from '@nestjs/common';
import { readFile, rename, writeFile } from 'node:fs/promises';

type Prices = Record<string, number>;

/** Stands for the database that all replicas share: a JSON file. */
@Injectable()
export class PriceStore {
  readonly #file = process.env.STORE ?? 'prices.json';

  async read(item: string): Promise<number | null> {
    return (await this.#all())[item] ?? null;
  }

  async write(item: string, price: number): Promise<void> {
    const prices = { ...(await this.#all()), [item]: price };
    // Under another name first, so that nobody reads half a file.
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, JSON.stringify(prices));
    await rename(draft, this.#file);
  }

  async #all(): Promise<Prices> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as Prices;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return {};
      }
      throw error;
    }
  }
}
