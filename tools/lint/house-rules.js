import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What CONTRIBUTING.md says about the house, as lint rules: which folder may import which, by which door,
 * and how private members are written.
 */

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/**
 * Folders of src from the top to the bottom: each imports only what stands below it. `.`: the files of src itself.
 * `testing` is part of the package and puts its network in the place of internals, so it may know them.
 */
const LAYERS = [
  'cli',
  'testing',
  'standalone',
  '.',
  'listener',
  'protocol',
  'observe',
  'keys',
  'messaging',
  'health',
  'membership',
  'discovery',
  'security',
  'transport',
  'options',
  'wire',
  'util',
  'errors',
];

/** Folders of membership/core in the same order. The core's own files stand above or below all of them. */
const CORE_LAYERS = [
  'legacy',
  'join',
  'sync',
  'dissemination',
  'failure-detection',
  'status',
  'member-list',
  'options',
];

/** Files of `options` that stand above the order: they gather what every folder says about its own options. */
const GATHERERS = ['peer-cloud.options.ts', 'resolve-options.ts'].map((name) =>
  join('options', name),
);

const layers = {
  meta: { type: 'problem' },
  create: (context) =>
    onImports(context, (node, target) => {
      const file = pathInSrc(context.filename);
      const from = layerOf(file);
      const to = target && layerOf(target);
      const upward = target && upwardInCore(file, target);
      if (upward) {
        report(context, node, upward);
      } else if (from === 'integrations') {
        if (target && !isPublic(file, target, node)) {
          report(context, node, PUBLIC_ONLY);
        }
      } else if (to === 'integrations') {
        report(context, node, 'nothing in src may import an integration');
      } else if (isCore(file) && !target && !isPure(node)) {
        report(context, node, CORE_IS_PURE);
      } else if (to !== undefined && !GATHERERS.includes(file)) {
        if (LAYERS.indexOf(to) < LAYERS.indexOf(from)) {
          report(context, node, `${from} is below ${to} and may not import it`);
        }
      }
    }),
};

const PUBLIC_ONLY =
  "an integration imports '../../index.js', its own folder, and types of another one's index.js: what is missing there becomes public";
const CORE_IS_PURE =
  'membership/core imports no package and nothing of Node but its events: give it what it needs from outside';

const facades = {
  meta: { type: 'problem' },
  create: (context) =>
    onImports(context, (node, target) => {
      const file = pathInSrc(context.filename);
      const door = target && closedDoor(file, target);
      if (door && !GATHERERS.includes(file)) {
        report(
          context,
          node,
          `import ${door}/index.js: it is the folder's door`,
        );
      }
    }),
};

const privateFields = {
  meta: { type: 'problem' },
  create(context) {
    const check = (node) => {
      // What a framework's class has as protected cannot be #private where it is overridden.
      const isOverride = node.override && node.accessibility === 'protected';
      if (
        !isOverride &&
        ['private', 'protected'].includes(node.accessibility)
      ) {
        report(context, node, 'write a #private member');
      }
    };
    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      TSParameterProperty: check,
    };
  },
};

export default {
  meta: { name: 'house' },
  rules: { layers, facades, 'private-fields': privateFields },
};

/** Calls back for every import and re-export; `target` is a path in src, undefined for a package. */
function onImports(context, check) {
  const visit = (node) => {
    const specifier = node.source?.value;
    if (typeof specifier === 'string') {
      check(node, targetOf(context.filename, specifier));
    }
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
  };
}

function targetOf(file, specifier) {
  return specifier.startsWith('.')
    ? pathInSrc(resolve(dirname(file), specifier)).replace(/\.js$/, '.ts')
    : undefined;
}

function pathInSrc(file) {
  return relative(SRC, file);
}

function layerOf(path) {
  return path.includes(sep) ? path.slice(0, path.indexOf(sep)) : '.';
}

function isPublic(file, target, node) {
  const folder = (path) => path.split(sep).slice(0, 2).join(sep);
  const isDoor = target === join(folder(target), 'index.ts');
  return (
    target === 'index.ts' ||
    folder(target) === folder(file) ||
    (isDoor && node.importKind === 'type')
  );
}

function isCore(file) {
  return file.startsWith(join('membership', 'core'));
}

/** What is wrong with an import from one folder of the core into another; undefined for a good one. */
function upwardInCore(file, target) {
  const [from, to] = [file, target].map((path) =>
    isCore(path) ? path.split(sep)[2] : undefined,
  );
  const isUpward =
    CORE_LAYERS.includes(to) &&
    CORE_LAYERS.indexOf(to) < CORE_LAYERS.indexOf(from);
  return isUpward ? `${from} is below ${to} and may not import it` : undefined;
}

function isPure(node) {
  return node.importKind === 'type' || node.source.value === 'node:events';
}

/** The outermost folder with an index.ts that the import goes into by another way. */
function closedDoor(file, target) {
  const folders = target.split(sep).slice(0, -1);
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = folders.slice(0, depth).join(sep);
    const isInside = file.startsWith(folder + sep);
    if (!isInside && existsSync(join(SRC, folder, 'index.ts'))) {
      return target === join(folder, 'index.ts') ? undefined : folder;
    }
  }
  return undefined;
}

function report(context, node, message) {
  context.report({ node, message });
}
