import {
  joinPath,
  readBoolean,
  readNumber,
  readObject,
  readOneOf,
  readString,
} from './option-checks.js';

/** A number within bounds. `integer`: a whole one. */
export interface NumberOption {
  readonly type: 'number' | 'integer';
  readonly min: number;
  readonly max: number;
  readonly default?: number;
  /** What is counted, where the option's name does not say it. */
  readonly unit?: 'ms' | 'bytes' | 'hours';
}

/** What one option may be, and what it is where nothing is written. */
export type OptionRule =
  | NumberOption
  | { readonly type: 'boolean'; readonly default?: boolean }
  | { readonly type: 'string'; readonly default?: string }
  | {
      readonly type: 'choice';
      readonly choices: readonly string[];
      readonly default: string;
    }
  /** A value that its section reads by itself: a list, a key, a function, a section in the section. */
  | { readonly type: 'other' };

/** The options of one section by their names. */
export type OptionTable = Readonly<Record<string, OptionRule>>;

/** What an option is once it is read, by its rule. */
export type OptionValue<R extends OptionRule> = R extends NumberOption
  ? number
  : R extends { type: 'boolean' }
    ? boolean
    : R extends { type: 'choice'; choices: readonly (infer C)[] }
      ? C
      : R extends { type: 'string' }
        ? string
        : unknown;

/** What is read by a table: undefined only where there is no default. */
export type Section<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends { default: string | number | boolean }
    ? OptionValue<T[K]>
    : OptionValue<T[K]> | undefined;
};

/**
 * Reads a section by its table: checks what is written, and fills in the defaults. Where other options
 * decide what is usual, `defaults` replaces single ones of the table's.
 *
 * @throws OptionsError that names the option, for a wrong value and for a name that is not in the table
 */
export function readSection<T extends OptionTable>(
  input: unknown,
  path: string,
  table: T,
  defaults: Partial<Section<T>> = {},
): Section<T> {
  const given = readObject(input, path, Object.keys(table));
  const entries = Object.entries(table).map(([name, rule]) => {
    const value = given[name] === undefined ? defaults[name] : given[name];
    return [name, readOption(value, joinPath(path, name), rule)];
  });
  return Object.fromEntries(entries) as Section<T>;
}

function readOption(value: unknown, path: string, rule: OptionRule): unknown {
  switch (rule.type) {
    case 'number':
    case 'integer':
      return readNumber(value, path, {
        ...rule,
        integer: rule.type === 'integer',
      });
    case 'boolean':
      return readBoolean(value, path, rule);
    case 'string':
      return readString(value, path, rule);
    case 'choice':
      return readOneOf(value, path, rule.choices, rule);
    case 'other':
      return value;
  }
}
