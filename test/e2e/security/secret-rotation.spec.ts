import { PeerSecurity } from '../../../src/index.js';
import {
  SecretKeyring,
  secretKeyId,
} from '../../../src/security/keys/keyring.js';
import {
  sealSecret,
  SecretReceiver,
  type SealedSecret,
} from '../../../src/security/keys/sealed-secret.js';
import type { PeerApp } from '../module/support/peer-app.js';
import {
  endSignedCloud,
  expectBare401,
  idOf,
  startCloud,
} from './support/signed-cloud.js';
import { forge, replay, SECRET, tap } from './support/wire.js';

const NEXT = 'the secret that comes after it, as long';

afterEach(endSignedCloud);

const secretsOf = ({ app }: PeerApp) =>
  app.get(PeerSecurity, { strict: false }).secrets;

interface Answer {
  members: { id: string; state: { receiver: string; refusal?: string } }[];
}

async function ask(peer: PeerApp, change?: object): Promise<Answer> {
  const question = { ask: 'secrets', ...(change && { change }) };
  const request = forge('observer', idOf(peer), '/observe', question);
  const { status, text } = await replay(peer, request);
  expect(status).toBe(200);
  return JSON.parse(text) as Answer;
}

const startRotatable = (isAllowed: (index: number) => boolean = () => true) =>
  startCloud((index) => ({
    security: { secret: SECRET },
    observe: { rotate: isAllowed(index) },
  }));

/** The step as an observer takes it. */
async function installAt(peer: PeerApp): Promise<object> {
  const { members } = await ask(peer);
  const boxes = members.map(({ id, state }) => [
    id,
    sealSecret(NEXT, SECRET, state.receiver),
  ]);
  const install: unknown = Object.fromEntries(boxes);
  return { install, present: secretKeyId(SECRET) };
}

it('is done by nobody who cannot sign', async () => {
  const { alice, bob, carol } = await startRotatable();
  const change = await installAt(alice);
  const keyring = new SecretKeyring([NEXT]);
  const attack = { ask: 'secrets', change };
  await expectBare401(
    alice,
    forge('observer', idOf(alice), '/observe', attack, { keyring }),
    'unknown key',
  );
  const unsigned = {
    path: '/observe',
    headers: {},
    body: Buffer.from(JSON.stringify(attack)),
  };
  await expectBare401(alice, unsigned, 'not signed');
  const twice = forge('observer', idOf(alice), '/observe', { ask: 'members' });
  expect((await replay(alice, twice)).status).toBe(200);
  await expectBare401(alice, twice, 'seen before');
  await expectBare401(
    alice,
    forge('observer', idOf(bob), '/observe', attack),
    'for another peer',
  );
  expect([alice, bob, carol].map(secretsOf)).toEqual([
    [SECRET],
    [SECRET],
    [SECRET],
  ]);
});

it('changes no peer that does not allow it', async () => {
  const { alice, bob, carol } = await startRotatable((index) => index !== 1);
  const { members } = await ask(alice, await installAt(alice));
  const refusals = members.filter(({ state }) => state.refusal);
  expect(refusals.map(({ id }) => id)).toEqual([idOf(bob)]);
  expect(secretsOf(bob)).toEqual([SECRET]);
  expect([alice, carol].map(secretsOf)).toEqual([
    [SECRET, NEXT],
    [SECRET, NEXT],
  ]);
});

it('takes no step out of turn', async () => {
  const { alice } = await startRotatable();
  const refusalOf = async (change: object) =>
    (await ask(alice, change)).members[0]!.state.refusal;
  expect(await refusalOf({ use: secretKeyId(NEXT) })).toContain('not have');
  expect(await refusalOf({ remove: secretKeyId(SECRET) })).toContain('signs');
  const box = { from: 'x', box: 'y' };
  const nonsense = { [idOf(alice)]: box };
  const present = secretKeyId(SECRET);
  expect(await refusalOf({ install: nonsense, present })).toContain('open');
  expect(secretsOf(alice)).toEqual([SECRET]);
});

it('shows the new secret to nobody on the way, nor to who finds the old one later', async () => {
  const { alice, bob } = await startRotatable();
  const captured = tap(alice);
  await ask(alice, await installAt(alice));
  expect(secretsOf(bob)).toEqual([SECRET, NEXT]);
  const bodies = captured
    .map(({ body }) => body.toString())
    .filter((body) => body.includes('install'));
  expect(bodies).toHaveLength(2);
  for (const body of bodies) {
    const { change } = JSON.parse(body) as {
      change: { install: SealedSecret };
    };
    const bytes = Buffer.from(change.install.box, 'base64url').toString();
    expect(body + bytes).not.toContain(NEXT);
    expect(new SecretReceiver().open(change.install, SECRET)).toBeUndefined();
  }
});
