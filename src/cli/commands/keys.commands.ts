import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  SecretKeyring,
  secretKeyId,
  type Keyring,
} from '../../security/index.js';
import type { Command, Session } from '../command.js';
import { readSecret } from '../connection.js';
import { CommandError, UsageError } from '../io.js';
import { Rotation } from '../rotation.js';

/** Bytes of a new secret. */
const SECRET_BYTES = 32;

/** Characters of a secret that is not found by trying. */
const MIN_LENGTH = 32;

/** Seconds that a signature is good for: what was signed with the old secret is no more under way then. */
const PAUSE = 30;

export const generate: Command = {
  name: 'keys generate',
  words: [],
  summary: 'a new secret for a cloud, 32 random bytes in base64',
  options: {},
  connects: false,
  run: (session) => {
    const secret = randomBytes(SECRET_BYTES).toString('base64');
    if (session.isJson) {
      session.printJson({ secret, keyid: secretKeyId(secret) });
    } else {
      session.print(secret);
    }
    return Promise.resolve(0);
  },
};

export const rotate: Command = {
  name: 'keys rotate',
  words: [],
  summary: 'replaces the secret of a running cloud: install, use, remove',
  options: {
    'new-secret-file': {
      value: 'file',
      help: 'the secret that comes; --secret-file has the one that goes',
    },
    pause: {
      value: 'seconds',
      help: 'between use and remove (30: as long as signatures are good)',
    },
  },
  connects: true,
  run: async (session) => {
    const pause = session.options.number('pause', PAUSE, 0, 3600);
    const [old, next] = await readSecrets(session);
    const keyring = new SecretKeyring([old, next]);
    if (!(await isAnswered(session, keyring))) {
      // An earlier try may have got as far as the end.
      keyring.replace([next, old]);
    }
    return session.observe(async (observer) => {
      const rotation = new Rotation(observer, old, next);
      const step = stepsOf(session, await rotation.check());
      await step('install', () => rotation.install());
      await step('use', () => rotation.use());
      keyring.replace([next, old]);
      await setTimeout(1000 * pause, undefined, { signal: session.io.signal });
      await step('remove', () => rotation.remove());
      session.note(
        'done. Write the new secret into the configuration of all peers now: one that is started with the old one alone is refused by the others',
      );
      return 0;
    }, keyring);
  },
};

function isAnswered(session: Session, keyring: Keyring): Promise<boolean> {
  return session
    .observe(() => Promise.resolve(true), keyring)
    .catch((error) => {
      if (error instanceof UsageError) {
        throw error;
      }
      return false;
    });
}

const DONE: Readonly<Record<string, string>> = {
  install: 'accept the new secret beside the old one',
  use: 'sign with the new secret',
  remove: 'accept the old secret no more',
};

const STATE: Readonly<Record<string, string>> = {
  install: 'nothing is changed but that some may accept both secrets',
  use: 'all accept both secrets',
  remove: 'all sign with the new secret, and some may still accept the old one',
};

/** Runs a step, says that it is done, or how the cloud stands without it. */
function stepsOf(session: Session, count: number) {
  return async (step: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw error instanceof CommandError
        ? new CommandError(
            `${step} stops: ${error.message}. ${STATE[step]}; run it again when that is mended`,
          )
        : error;
    }
    if (session.isJson) {
      session.printJson({ step, members: count });
    } else {
      session.print(`${step}: all ${count} members ${DONE[step]}`);
    }
  };
}

/** The secret that goes and the one that comes. */
async function readSecrets(session: Session): Promise<[string, string]> {
  const { options, io } = session;
  const names = ['secret-file', 'new-secret-file'] as const;
  const files = names.map((name) => {
    const file = options.text(name);
    if (file === undefined) {
      throw new UsageError(`keys rotate needs --${name} <file>`);
    }
    return file;
  });
  if (files[0] === '-' && files[1] === '-') {
    throw new UsageError(
      '--new-secret-file: -: the standard input has one secret',
    );
  }
  const old = await readSecret(names[0], files[0]!, io);
  const next = await readSecret(names[1], files[1]!, io);
  if (next.length < MIN_LENGTH) {
    throw new UsageError(
      `--new-secret-file: must have ${MIN_LENGTH} characters at least: make one with 'nestjs-peercloud keys generate'`,
    );
  }
  if (old === next) {
    throw new UsageError(
      '--new-secret-file: has the same secret as --secret-file',
    );
  }
  return [old, next];
}
