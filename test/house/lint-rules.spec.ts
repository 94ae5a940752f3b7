import { resolve } from 'node:path';
// @ts-expect-error: a plugin of oxlint, in plain JavaScript
import plugin from '../../tools/lint/house-rules.js';

interface Report {
  message: string;
}
type Visitor = Record<string, (node: object) => void>;
type Rule = {
  create(context: { filename: string; report(each: Report): void }): Visitor;
};
const rules = (plugin as { rules: Record<string, Rule> }).rules;

function messagesOf(
  rule: string,
  file: string,
  visited: string,
  node: object,
): string[] {
  const messages: string[] = [];
  const visitor = rules[rule]!.create({
    filename: resolve(file),
    report: ({ message }) => messages.push(message),
  });
  visitor[visited]!(node);
  return messages;
}

const importing = (specifier: string, importKind = 'value') => ({
  importKind,
  source: { value: specifier },
});

describe('the lint rules of the house', () => {
  it.each([
    ['src/wire/a.ts', '../membership/peer.js', 'wire is below membership'],
    ['src/health/a.ts', '../peer-cloud.module.js', 'health is below .'],
    ['src/membership/a.ts', '../messaging/index.js', 'membership is below'],
    ['src/membership/core/a.ts', 'node:fs', 'imports no package'],
    ['src/membership/core/sync/a.ts', '@nestjs/common', 'imports no package'],
    ['src/membership/core/sync/a.ts', '../join/index.js', 'sync is below join'],
    ['src/integrations/cache/a.ts', '../../wire/json.js', 'an integration'],
    ['src/integrations/cache/a.ts', '../graphql/index.js', 'an integration'],
    ['src/peer-cloud.module.ts', './integrations/cache/index.js', 'nothing'],
    ['src/peer-cloud.module.ts', './testing/index.js', '. is below testing'],
    ['src/testing/a.ts', '../integrations/cache/index.js', 'nothing'],
    ['src/observe/a.ts', '../cli/main.js', 'observe is below cli'],
    ['src/keys/a.ts', '../observe/index.js', 'keys is below observe'],
  ])('%s may not import %s', (file, specifier, message) => {
    const node = importing(specifier);
    const messages = messagesOf('layers', file, 'ImportDeclaration', node);
    expect(messages).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['src/membership/peer.ts', '../wire/json.js'],
    ['src/membership/core/a.ts', 'node:events'],
    ['src/membership/core/wiring.ts', './join/index.js'],
    ['src/membership/core/sync/a.ts', '../member-list/index.js'],
    ['src/membership/core/sync/a.ts', '../context.js'],
    ['src/integrations/cache/a.ts', '../../index.js'],
    ['src/integrations/cache/a.ts', './b.js'],
    ['src/options/resolve-options.ts', '../messaging/messaging.options.js'],
    ['src/testing/a.ts', '../listener/index.js'],
    ['src/testing/a.ts', '../peer-cloud.module-definition.js'],
  ])('%s may import %s', (file, specifier) => {
    const node = importing(specifier);
    expect(messagesOf('layers', file, 'ImportDeclaration', node)).toEqual([]);
  });

  it('an integration may import types of another one', () => {
    const check = (kind: string) =>
      messagesOf(
        'layers',
        'src/integrations/schedule/a.ts',
        'ImportDeclaration',
        importing('../fences/index.js', kind),
      );
    expect(check('type')).toEqual([]);
    expect(check('value')).toHaveLength(1);
  });

  it('a folder with an index.ts is imported through it', () => {
    const check = (file: string, specifier: string) =>
      messagesOf(
        'facades',
        file,
        'ExportNamedDeclaration',
        importing(specifier),
      );
    expect(check('src/a.ts', './messaging/broadcast.js')).toEqual([
      "import messaging/index.js: it is the folder's door",
    ]);
    expect(check('src/a.ts', './messaging/index.js')).toEqual([]);
    expect(check('src/messaging/a.ts', './broadcast.js')).toEqual([]);
  });

  it('a private member has a #', () => {
    const check = (visited: string, accessibility: string, override = false) =>
      messagesOf('private-fields', 'src/a.ts', visited, {
        accessibility,
        override,
      });
    expect(check('TSParameterProperty', 'private')).toHaveLength(1);
    expect(check('MethodDefinition', 'protected')).toHaveLength(1);
    expect(check('MethodDefinition', 'private', true)).toHaveLength(1);
    expect(check('PropertyDefinition', 'public')).toEqual([]);
    // A framework's own.
    expect(check('MethodDefinition', 'protected', true)).toEqual([]);
  });
});
