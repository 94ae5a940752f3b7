import type { Command } from './command.js';
import { COMMON, CONNECTION } from './options.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const NAME = 'nestjs-peercloud';

/** A script that completes the names of commands and options in a shell. */
export function completionFor(
  shell: (typeof SHELLS)[number],
  commands: readonly Command[],
): string {
  return shell === 'fish' ? forFish(commands) : forBash(shell, commands);
}

function optionsOf(command: Command): string[] {
  const specs = {
    ...command.options,
    ...(command.connects && CONNECTION),
    ...COMMON,
  };
  return Object.keys(specs).map((name) => `--${name}`);
}

/** zsh has a stand-in for what bash does. */
function forBash(shell: 'bash' | 'zsh', commands: readonly Command[]): string {
  const firstWords = [
    ...new Set(commands.map(({ name }) => name.split(' ')[0])),
  ];
  const seconds = commands.flatMap(({ name }) => name.split(' ').slice(1));
  const cases = commands.map(
    (command) =>
      `    *" ${command.name} "*) options="${optionsOf(command).join(' ')}";;`,
  );
  return [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_nestjs_peercloud() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" line=" ${COMP_WORDS[*]} " options="--help --version"',
    '  case "$line" in',
    ...cases,
    '  esac',
    '  if [[ "$word" == -* ]]; then',
    '    COMPREPLY=($(compgen -W "$options" -- "$word"))',
    '  elif [[ "$line" == *" keys "* ]]; then',
    `    COMPREPLY=($(compgen -f -W "${seconds.join(' ')}" -- "$word"))`,
    '  elif [[ $COMP_CWORD -le 1 ]]; then',
    `    COMPREPLY=($(compgen -W "${firstWords.join(' ')}" -- "$word"))`,
    '  else',
    '    COMPREPLY=($(compgen -f -- "$word"))',
    '  fi',
    '}',
    `complete -F _nestjs_peercloud ${NAME}`,
    '',
  ].join('\n');
}

function forFish(commands: readonly Command[]): string {
  const words = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first] = name.split(' ');
    words.set(first!, name === first ? summary : 'secrets of a cloud');
  }
  const lines = [...words].map(
    ([word, summary]) =>
      `complete -c ${NAME} -n __fish_use_subcommand -f -a ${word} -d ${quote(summary)}`,
  );
  for (const command of commands) {
    const [first, second] = command.name.split(' ');
    const seen = `'__fish_seen_subcommand_from ${second ?? first}'`;
    if (second !== undefined) {
      lines.push(
        `complete -c ${NAME} -n '__fish_seen_subcommand_from ${first}' -f -a ${second} -d ${quote(command.summary)}`,
      );
    }
    for (const option of optionsOf(command)) {
      lines.push(`complete -c ${NAME} -n ${seen} -l ${option.slice(2)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
