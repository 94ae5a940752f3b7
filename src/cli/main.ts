import { createRequire } from 'node:module';
import { messageOf } from '../errors/error-text.js';
import { Session, type Command } from './command.js';
import { generate, rotate } from './commands/keys.commands.js';
import { jobs, members, owner, watch } from './commands/look.commands.js';
import { broadcast, send } from './commands/message.commands.js';
import { ping } from './commands/ping.command.js';
import { completionFor, SHELLS } from './completion.js';
import { UsageError, type Io } from './io.js';
import {
  COMMON,
  CONNECTION,
  Options,
  parseWords,
  type OptionSpecs,
} from './options.js';
import { clean } from './text.js';

const completion: Command = {
  name: 'completion',
  words: ['<shell>'],
  summary: `a script for ${SHELLS.join(', ')}: source <(nestjs-peercloud completion bash)`,
  options: {},
  connects: false,
  run: (session) => {
    const shell = SHELLS.find((each) => each === session.words[0]);
    if (!shell) {
      throw new UsageError(`<shell>: must be one of ${SHELLS.join(', ')}`);
    }
    session.io.stdout.write(completionFor(shell, COMMANDS));
    return Promise.resolve(0);
  },
};

const COMMANDS: readonly Command[] = [
  members,
  watch,
  ping,
  send,
  broadcast,
  jobs,
  owner,
  generate,
  rotate,
  completion,
];

/** Places of the column that says what to type. */
const TYPED = 24;

/**
 * Does what was typed.
 *
 * @param argv the words after the name of the program
 * @returns the exit code: 0 done, 1 the cloud could not be asked or said no, 2 what was typed is wrong
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await run(argv, io);
  } catch (error) {
    const text = clean(messageOf(error).replace(/\s*\n\s*/g, ' '));
    io.stderr.write(`nestjs-peercloud: ${text}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  const all = COMMANDS.map(({ options }) => options);
  const specs = Object.assign({}, CONNECTION, COMMON, ...all) as OptionSpecs;
  const { values, words } = parseWords(argv, specs);
  if (values.version) {
    io.stdout.write(`${versionOfPackage()}\n`);
    return 0;
  }
  const command = COMMANDS.find(({ name }) =>
    name.split(' ').every((word, at) => words[at] === word),
  );
  if (values.help) {
    io.stdout.write(command ? helpOf(command) : help());
    return 0;
  }
  if (!command) {
    throw new UsageError(unknownCommand(words));
  }
  const rest = words.slice(command.name.split(' ').length);
  checkWords(command, rest, Object.keys(values));
  return command.run(new Session(rest, new Options(values, io.env), io));
}

function unknownCommand([first, second]: readonly string[]): string {
  const usage = `one of ${COMMANDS.map(({ name }) => name).join(', ')} (--help says more)`;
  if (first === undefined) {
    return `what shall it do? ${usage}`;
  }
  const typed = first === 'keys' && second ? `${first} ${second}` : first;
  return `${typed}: there is no such command: ${usage}`;
}

/** @throws UsageError for too many words, too few, and options of another command */
function checkWords(
  command: Command,
  words: readonly string[],
  given: readonly string[],
): void {
  const { name, words: wanted, options, connects } = command;
  if (words.length !== wanted.length || words.includes('')) {
    throw new UsageError(
      `write ${['nestjs-peercloud', name, ...wanted].join(' ')}`,
    );
  }
  const known = { ...options, ...COMMON, ...(connects && CONNECTION) };
  const stray = given.find((each) => !(each in known));
  if (stray !== undefined) {
    throw new UsageError(`--${stray}: ${name} has no such option`);
  }
}

function help(): string {
  const lines = COMMANDS.map(({ name, words, summary }) =>
    row([name, ...words].join(' '), summary),
  );
  return [
    'Looks at a cloud of nestjs-peercloud, and is no member of it.',
    '',
    'nestjs-peercloud <command> [options]',
    '',
    ...lines,
    '',
    ...optionLines(CONNECTION),
    ...optionLines(COMMON),
    '',
    'Exit code: 0 done, 1 the cloud could not be asked or said no, 2 what was typed is wrong.',
    '',
  ].join('\n');
}

function helpOf({ name, words, summary, options, connects }: Command): string {
  return [
    ['nestjs-peercloud', name, ...words, '[options]'].join(' '),
    '',
    `  ${summary}`,
    '',
    ...optionLines(options),
    ...(connects ? optionLines(CONNECTION) : []),
    ...optionLines(COMMON),
    '',
  ].join('\n');
}

function optionLines(specs: OptionSpecs): string[] {
  return Object.entries(specs).map(([name, { value, short, help }]) =>
    row(
      `${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`,
      help,
    ),
  );
}

function row(typed: string, text: string): string {
  return typed.length > TYPED
    ? `  ${typed}\n  ${' '.repeat(TYPED)}  ${text}`
    : `  ${typed.padEnd(TYPED)}  ${text}`;
}

function versionOfPackage(): string {
  const require = createRequire(import.meta.url);
  return (require('nestjs-peercloud/package.json') as { version: string })
    .version;
}
