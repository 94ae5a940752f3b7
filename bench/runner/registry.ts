import { readdir } from 'node:fs/promises';
import type { Contender } from '../contender.js';
import { describe } from '../load/outcome.js';

const FOLDER = new URL('../contenders/', import.meta.url);

/** A contender with what the runner needs to start it. */
export interface RegisteredContender extends Contender {
  /** Name of its file, and of its rows in the samples. */
  id: string;
  /** Address of its module. */
  url: string;
}

/** What takes part, and what does not with a word about why. */
export interface Registry {
  contenders: RegisteredContender[];
  skipped: Map<string, string>;
}

/** Loads every file of `contenders/`; one whose packages are not installed is skipped. */
export async function loadContenders(
  only: readonly string[] | undefined,
): Promise<Registry> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.js'));
  const registry: Registry = { contenders: [], skipped: new Map() };
  for (const file of files.sort()) {
    const id = file.slice(0, -'.js'.length);
    if (only && !only.includes(id)) {
      continue;
    }
    const url = new URL(file, FOLDER).href;
    try {
      const { default: contender } = (await import(url)) as {
        default: Contender;
      };
      registry.contenders.push({ ...contender, id, url });
    } catch (error) {
      registry.skipped.set(id, describe(error));
    }
  }
  for (const id of only ?? []) {
    if (!files.includes(`${id}.js`)) {
      registry.skipped.set(id, 'there is no such contender');
    }
  }
  return registry;
}
