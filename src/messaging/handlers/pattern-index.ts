import type { JsonValue } from '../../wire/json.js';
import { leafKey, leafShape, type PatternLeaf } from './message-pattern.js';

interface Entry<T> {
  handler: T;
  order: number;
}

type Branch<T> = Map<JsonValue, Branch<T> | Entry<T>>;

/** All patterns that look at the same places of a body: one walk through nested maps decides. */
interface Shape<T> {
  leaves: readonly PatternLeaf[];
  branch: Branch<T>;
}

/**
 * Finds the handler for a body: the matching pattern with the most keys wins, then the one that was
 * registered first. Patterns that look at the same places share one index, so a search costs a few map
 * look-ups for each such group, however many handlers there are.
 */
export class PatternIndex<T> {
  readonly #shapes: Shape<T>[] = [];
  readonly #byText = new Map<string, Shape<T>>();
  #everything: Entry<T> | undefined;
  #count = 0;

  /** How many handlers there are. */
  get size(): number {
    return this.#count;
  }

  /** Adds a handler; returns the one that already has this very pattern, and then changes nothing. */
  add(leaves: readonly PatternLeaf[], handler: T): T | undefined {
    const entry = { handler, order: this.#count };
    const taken =
      leaves.length === 0
        ? this.#addCatchAll(entry)
        : this.#insert(leaves, entry);
    if (taken === undefined) {
      this.#count++;
    }
    return taken?.handler;
  }

  /** The handler for a body, if any. */
  find(body: JsonValue): T | undefined {
    let best: Entry<T> | undefined;
    let keys = 0;
    for (const shape of this.#shapes) {
      if (shape.leaves.length < keys) {
        break;
      }
      const match = lookUp(shape, body);
      if (match && (!best || match.order < best.order)) {
        best = match;
        keys = shape.leaves.length;
      }
    }
    return (best ?? this.#everything)?.handler;
  }

  #addCatchAll(entry: Entry<T>): Entry<T> | undefined {
    const taken = this.#everything;
    this.#everything ??= entry;
    return taken;
  }

  #insert(
    leaves: readonly PatternLeaf[],
    entry: Entry<T>,
  ): Entry<T> | undefined {
    let branch = this.#shapeOf(leaves).branch;
    const last = leaves.length - 1;
    for (const { key } of leaves.slice(0, last)) {
      let next = branch.get(key) as Branch<T> | undefined;
      if (!next) {
        next = new Map();
        branch.set(key, next);
      }
      branch = next;
    }
    const { key } = leaves[last]!;
    const taken = branch.get(key) as Entry<T> | undefined;
    if (!taken) {
      branch.set(key, entry);
    }
    return taken;
  }

  #shapeOf(leaves: readonly PatternLeaf[]): Shape<T> {
    const text = leaves.map(leafShape).join();
    let shape = this.#byText.get(text);
    if (!shape) {
      shape = { leaves, branch: new Map() };
      this.#byText.set(text, shape);
      this.#shapes.push(shape);
      this.#shapes.sort((a, b) => b.leaves.length - a.leaves.length);
    }
    return shape;
  }
}

function lookUp<T>(shape: Shape<T>, body: JsonValue): Entry<T> | undefined {
  let found: Branch<T> | Entry<T> = shape.branch;
  for (const { path, kind } of shape.leaves) {
    const key = leafKey(valueAt(body, path), kind);
    const next: Branch<T> | Entry<T> | undefined =
      key === undefined ? undefined : (found as Branch<T>).get(key);
    if (next === undefined) {
      return undefined;
    }
    found = next;
  }
  return found as Entry<T>;
}

function valueAt(body: JsonValue, path: readonly string[]): unknown {
  let value: unknown = body;
  for (const name of path) {
    if (
      typeof value !== 'object' ||
      value === null ||
      !Object.hasOwn(value, name)
    ) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
