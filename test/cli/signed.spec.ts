import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PeerSecurity,
  type PeerCloudOptions,
} from '../../src/index.js';
import { keyThumbprint } from '../../src/security/keys/key-input.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../e2e/module/support/peer-app.js';
import { CertificateAuthority } from '../support/certificates.js';
import { until } from '../support/until.js';
import { fileWith, linesOf, removeFiles, run } from './support/run.js';

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return { echo: body };
  }
}

const OLD = 'the secret that the cloud started with';
const NEW = 'the secret that comes after it, as long';

afterEach(closePeers);
afterAll(removeFiles);

async function startCloud(
  ...all: PeerCloudOptions[]
): Promise<[PeerApp, ...PeerApp[]]> {
  const peers: PeerApp[] = [];
  for (const options of all) {
    const seeds = peers.slice(0, 1).map(({ address }) => address);
    peers.push(
      await startPeer({
        place: 'own listener',
        providers: [Echo],
        options: { peers: seeds, ...options },
      }),
    );
  }
  await until(() => agree(peers));
  return peers as [PeerApp, ...PeerApp[]];
}

const idsOf = async (...argv: string[]): Promise<string[]> => {
  const result = await run(['members', '--json', ...argv]);
  expect(result.err).toBe('');
  const [list] = linesOf<{ members: { id: string }[] }>(result);
  return list!.members.map(({ id }) => id).sort();
};

const failureOf = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await run(argv);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^nestjs-peercloud: [^\n]+\n$/);
  return err;
};

it('a cloud with a secret answers who has it, and says what is missing', async () => {
  const security = { secret: OLD };
  const [alice, bob] = await startCloud({ security }, { security, id: 'bob' });
  const at = ['--peer', bob!.address];
  const file = ['--secret-file', fileWith(`${OLD}\n`)];
  expect(await idsOf(...at, ...file)).toEqual(listOf(alice));
  const piped = await run(['members', ...at, '--secret-file', '-'], {
    stdin: OLD,
  });
  expect(piped.code).toBe(0);
  const sent = await run(['send', 'bob', '{"a":1}', ...at, ...file]);
  expect(sent.out).toBe('{"echo":{"a":1}}\n');
  const pinged = await run(['ping', 'bob', '-c', '1', ...at, ...file]);
  expect(pinged.code).toBe(0);
  expect(await failureOf('members', ...at)).toContain('give --secret-file');
  const wrong = ['--secret-file', fileWith(NEW)];
  expect(await failureOf('members', ...at, ...wrong)).toContain('other secret');
  const open = await startPeer();
  expect(await failureOf('members', '--peer', open.address, ...file)).toContain(
    'without the security option',
  );
});

it('a cloud with keys answers an observer with a key of its own, which sends nothing', async () => {
  const pairs = Array.from({ length: 3 }, () => generateKeyPairSync('ed25519'));
  const trustedKeys = pairs.map(({ publicKey }) => publicKey);
  const optionsOf = (index: number): PeerCloudOptions => ({
    security: { privateKey: pairs[index]!.privateKey, trustedKeys },
  });
  const [alice] = await startCloud(optionsOf(0), optionsOf(1));
  const pem = (key: KeyObject, type: 'spki' | 'pkcs8') =>
    key.export({ type: type as 'spki', format: 'pem' }).toString();
  const trusted = fileWith(trustedKeys.map((key) => pem(key, 'spki')).join(''));
  const withKey = (index: number) => [
    '--peer',
    alice.address,
    '--private-key-file',
    fileWith(pem(pairs[index]!.privateKey, 'pkcs8')),
    '--trusted-keys-file',
    trusted,
  ];
  expect(await idsOf(...withKey(2))).toEqual(listOf(alice));
  expect(listOf(alice)).not.toContain(keyThumbprint(pairs[2]!.publicKey));
  expect(await failureOf('broadcast', '{}', ...withKey(2))).toContain(
    'nobody sends in the name of another',
  );
  expect(await failureOf('members', ...withKey(1))).toContain(
    'this is the key of a member',
  );
});

it('a cloud with TLS is asked over https', async () => {
  const authority = new CertificateAuthority();
  const ca = authority.cert;
  const files = authority.issue('127.0.0.1');
  const tls = { ...files, ca };
  const [alice, bob] = await startCloud({ tls }, { tls });
  const at = ['--peer', bob!.address];
  const options = Object.entries({ ca, ...files }).flatMap(([name, text]) => [
    `--${name}`,
    fileWith(text),
  ]);
  expect(await idsOf(...at, ...options)).toEqual(listOf(alice));
  const id = alice.membership.self.id;
  const pinged = await run(['ping', id, '-c', '1', ...at, ...options]);
  expect(pinged.code).toBe(0);
  expect(await failureOf('members', ...at)).toContain('have TLS?');
  expect(await failureOf('members', ...at, '--ca', fileWith(ca))).toContain(
    'ask for a certificate?',
  );
  await failureOf('members', ...at, '--tls');
});

describe('keys rotate', () => {
  const security = { secret: OLD };
  const observe = { rotate: true };
  const oldFile = fileWith(OLD);
  const newFile = fileWith(NEW);
  const rotation = (address: string) =>
    `keys rotate --peer ${address} --pause 0 --secret-file ${oldFile} --new-secret-file ${newFile}`.split(
      ' ',
    );

  it('replaces the secret while messages go on, and says what is left to do', async () => {
    const peers = await startCloud(
      { security, observe },
      { security, observe },
      { security, observe },
    );
    let done = false;
    const failures: string[] = [];
    const talking = (async () => {
      while (!done) {
        for (const { error } of await peers[1]!.messaging.broadcast({})) {
          if (error) {
            failures.push(error.message);
          }
        }
      }
    })();
    const { code, out, err } = await run(rotation(peers[0].address));
    done = true;
    await talking;
    expect({ code, failures }).toEqual({ code: 0, failures: [] });
    expect(out.match(/^\w+: all 3 members /gm)).toHaveLength(3);
    expect(err).toContain('Write the new secret into the configuration');
    expect(agree(peers)).toBe(true);
    const at = ['--peer', peers[2]!.address];
    await failureOf('members', ...at, '--secret-file', oldFile);
    expect(await idsOf(...at, '--secret-file', newFile)).toHaveLength(3);
    // Once more does no harm, and nothing.
    const again = await run(rotation(peers[1]!.address));
    expect(again.code).toBe(0);
    // A peer that starts with what its configuration still has stays outside.
    const late = await startPeer({
      options: { security, peers: [peers[0].address] },
    });
    await late.membership.whenJoined();
    expect(late.membership.peers()).toEqual([]);
  });

  it('goes on where an earlier try has stopped', async () => {
    const peers = await startCloud(
      { security, observe },
      { security, observe },
    );
    for (const { app } of peers) {
      app.get(PeerSecurity, { strict: false }).replaceSecrets([NEW, OLD]);
    }
    peers[0].app.get(PeerSecurity, { strict: false }).replaceSecrets([NEW]);
    const { code } = await run(rotation(peers[0].address));
    expect(code).toBe(0);
    const at = ['--peer', peers[1]!.address];
    await failureOf('members', ...at, '--secret-file', oldFile);
  });

  it('changes nothing where a member does not allow it, or does not answer', async () => {
    const [alice, bob] = await startCloud(
      { security, observe },
      { security, id: 'bob' },
    );
    const secretsOf = ({ app }: PeerApp) =>
      app.get(PeerSecurity, { strict: false }).secrets;
    expect(await failureOf(...rotation(alice.address))).toContain(
      'bob: it does not allow this (option observe.rotate)',
    );
    expect([alice, bob!].map(secretsOf)).toEqual([[OLD], [OLD]]);
    // Bob has got the new secret alone by other ways, and answers nobody else.
    bob!.app.get(PeerSecurity, { strict: false }).replaceSecrets([NEW]);
    expect(await failureOf(...rotation(alice.address))).toMatch(
      /bob: no answer \(.+\)/,
    );
    expect(secretsOf(alice)).toEqual([OLD]);
  });

  it('is for clouds with a secret', async () => {
    const open = await startPeer({ options: { observe } });
    const failure = await failureOf(...rotation(open.address));
    expect(failure).toContain('without the security option');
  });
});
