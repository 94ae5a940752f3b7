import { appendFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';

/** What was done, and by whom. */
export interface Entry {
  job: string;
  by: string;
  occurrence?: Date;
}

/** Stands for the database that all replicas share. */
@Injectable()
export class Journal {
  readonly #file = process.env.JOURNAL ?? 'journal.jsonl';
  readonly #name = process.env.NAME ?? `replica ${process.pid}`;

  async write(entry: Omit<Entry, 'by'>): Promise<void> {
    const line = { ...entry, by: this.#name } satisfies Entry;
    await appendFile(this.#file, `${JSON.stringify(line)}\n`);
  }
}
