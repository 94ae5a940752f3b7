import { readFile } from 'node:fs/promises';
import prettier from 'prettier';
import ts from 'typescript';
import type { OptionRule, OptionTable } from '../src/options/read-section.js';
import * as tables from '../src/options/option-tables.js';

/** Where one section of the options is described: its interfaces, whose comments are the text, and its table. */
interface Section {
  title: string;
  file: string;
  interfaces: readonly string[];
  table: OptionTable;
}

/** One option as its interface describes it. */
export interface DescribedOption {
  path: string;
  rule: OptionRule;
  text: string;
  /** What the tag `@defaultValue` says; undefined without it. */
  defaultValue: string | undefined;
}

const SECTIONS: readonly Section[] = [
  {
    title: '',
    file: 'src/options/peer-cloud.options.ts',
    interfaces: ['PeerCloudOptions'],
    table: tables.PEER_CLOUD,
  },
  {
    title: 'listener',
    file: 'src/listener/listener.options.ts',
    interfaces: ['ListenerOptions'],
    table: tables.LISTENER,
  },
  {
    title: 'healthCheck',
    file: 'src/health/health-check.options.ts',
    interfaces: ['HealthCheckOptions'],
    table: tables.HEALTH_CHECK,
  },
  {
    title: 'membership',
    file: 'src/membership/core/options/membership.options.ts',
    interfaces: ['MembershipOptions'],
    table: tables.MEMBERSHIP,
  },
  {
    title: 'messaging',
    file: 'src/messaging/messaging.options.ts',
    interfaces: ['MessagingOptions'],
    table: tables.MESSAGING,
  },
  {
    title: 'keys',
    file: 'src/keys/keys.options.ts',
    interfaces: ['KeysOptions'],
    table: tables.KEYS,
  },
  {
    title: 'messaging.stream',
    file: 'src/messaging/messaging.options.ts',
    interfaces: ['StreamOptions'],
    table: tables.STREAM,
  },
  {
    title: 'security',
    file: 'src/security/security.options.ts',
    interfaces: ['SecurityOptions'],
    table: tables.SECURITY,
  },
  {
    title: 'observe',
    file: 'src/observe/observe.options.ts',
    interfaces: ['ObserveOptions'],
    table: tables.OBSERVE,
  },
  {
    title: 'tls',
    file: 'src/transport/tls.options.ts',
    interfaces: ['TlsOptions', 'TlsMaterials'],
    table: tables.TLS,
  },
  {
    title: 'addresses',
    file: 'src/security/addresses/address.options.ts',
    interfaces: ['AddressOptions'],
    table: tables.ADDRESSES,
  },
  {
    title: 'limits',
    file: 'src/options/limits.options.ts',
    interfaces: ['LimitOptions'],
    table: tables.LIMITS,
  },
];

const HEADER = `<!-- Written by \`npm run docs:options\`, from src/options/option-tables.ts and the comments of the options' interfaces. -->

# Options, section by section

All of them are optional. A wrong one ends the start with an error that says which it is, what it got and what to write. [Setting it up](configuration.md#options) has those that most apps need.
`;

/** The whole text of docs/options.md. */
export async function optionsPage(): Promise<string> {
  const parts = await Promise.all(SECTIONS.map(writeSection));
  return prettier.format([HEADER, ...parts].join('\n'), { parser: 'markdown' });
}

/** Every option of every section. */
export async function describedOptions(): Promise<DescribedOption[]> {
  const sections = await Promise.all(SECTIONS.map(readSection));
  return sections.flatMap(({ options }) => options);
}

/** The default of a table as people write it: `250 ms`, `10,000`; undefined where the table has none. */
export function defaultText(rule: OptionRule): string | undefined {
  if (rule.type === 'other' || rule.default === undefined) {
    return undefined;
  }
  return typeof rule.default === 'number'
    ? `${numberText(rule.default)}${'unit' in rule ? ` ${rule.unit}` : ''}`
    : `\`${rule.default}\``;
}

async function writeSection(section: Section): Promise<string> {
  const { intro, options } = await readSection(section);
  const rows = options.map(
    ({ path, rule, text, defaultValue = '' }) =>
      `| \`${path.split('.').at(-1)}\` | ${cell(defaultValue + profileText(path))} | ${boundsText(rule)} | ${cell(text)} |`,
  );
  return [
    section.title && `## \`${section.title}\`\n\n${linked(intro)}\n`,
    '| option | default | may be | what it does, and what you trade |',
    '| - | - | - | - |',
    ...rows,
    '',
  ].join('\n');
}

async function readSection({
  title,
  file,
  interfaces,
  table,
}: Section): Promise<{ intro: string; options: DescribedOption[] }> {
  const declarations = await readInterfaces(file, interfaces);
  const members = new Map(
    declarations
      .flatMap((declaration) => [...declaration.members])
      .map((member) => [member.name?.getText() ?? '', member]),
  );
  const options = Object.entries(table).map(([name, rule]) => {
    const member = members.get(name);
    if (!member) {
      throw new Error(`${interfaces.join(', ')} in ${file}: no ${name}`);
    }
    const path = title ? `${title}.${name}` : name;
    return { path, rule, ...commentOf(member) };
  });
  return { intro: commentOf(declarations[0]!).text, options };
}

async function readInterfaces(
  file: string,
  names: readonly string[],
): Promise<ts.InterfaceDeclaration[]> {
  const text = await readFile(file, 'utf8');
  const source = ts.createSourceFile(
    file,
    text,
    ts.ScriptTarget.Latest,
    /* setParentNodes */ true,
  );
  const all = source.statements.filter(ts.isInterfaceDeclaration);
  return names.map((name) => all.find((each) => each.name.text === name)!);
}

function commentOf(node: ts.Node): {
  text: string;
  defaultValue: string | undefined;
} {
  const text = ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ');
  const tag = ts
    .getJSDocTags(node)
    .find(({ tagName }) => tagName.text === 'defaultValue');
  return {
    text: oneLine(text),
    defaultValue: tag && oneLine(ts.getTextOfJSDocComment(tag.comment) ?? ''),
  };
}

/** What the profiles change, beside the default. */
function profileText(path: string): string {
  const name = path.replace(/^membership\./, '');
  const changes = Object.entries(tables.MEMBERSHIP_PROFILES).flatMap(
    ([profile, values]: [string, Record<string, number>]) =>
      name !== path && name in values
        ? [`\`${profile}\`: ${numberText(values[name]!)}`]
        : [],
  );
  return changes.length === 0 ? '' : ` (${changes.join(', ')})`;
}

function boundsText(rule: OptionRule): string {
  switch (rule.type) {
    case 'number':
    case 'integer':
      return `${numberText(rule.min)} – ${numberText(rule.max)}`;
    case 'choice':
      return rule.choices.map((choice) => `\`${choice}\``).join(', ');
    default:
      return '';
  }
}

function numberText(value: number): string {
  return value < 10_000 ? String(value) : value.toLocaleString('en-US');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function cell(text: string): string {
  return linked(text).replaceAll('|', '\\|');
}

/** Pages that stand beside this one. */
function linked(text: string): string {
  return text.replace(/\bdocs\/(\w+\.md)\b/g, '[$1]($1)');
}
