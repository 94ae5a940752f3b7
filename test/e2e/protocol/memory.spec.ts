import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { until } from '../../support/until.js';
import { openPost } from './support/raw-http.js';
import {
  createProtocolApp,
  WAYS,
  type ProtocolApp,
} from './support/protocol-app.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Watches over what is parsed from now on and has such a property, without holding it. */
function watchParsed(property: string) {
  const refs: WeakRef<object>[] = [];
  const { parse } = JSON;
  JSON.parse = (...args) => {
    const value: unknown = parse(...args);
    if (typeof value === 'object' && value !== null && property in value) {
      refs.push(new WeakRef(value));
    }
    return value;
  };
  return { refs, stop: () => (JSON.parse = parse) };
}

/** Tiny objects, which take some thirty times their text in memory. */
function tinyObjects(bytes: number): string {
  return `[${Array<string>(Math.floor(bytes / 3))
    .fill('{}')
    .join()}]`;
}

const MIB = 1024 * 1024;

describe.each(WAYS)('memory before membership, $adapter, $mode', (way) => {
  let peer: ProtocolApp;

  afterEach(() => peer.close());

  it.each(['/join', '/joined', '/left', '/status', '/check', '/update'])(
    '%s takes no more than it can sensibly carry',
    async (path) => {
      peer = await createProtocolApp(way);
      const send = async (ballast: string) => {
        const answer = await peer
          .post(path)
          .set('content-type', 'application/json')
          .send(`{"id":"member-a","port":4001,"ballast":${ballast}}`);
        return answer.status;
      };
      expect(await send(tinyObjects(64 * 1024))).not.toBe(413);
      expect(await send(tinyObjects(100 * 1024))).toBe(413);
    },
  );

  it('holds nothing of the body of a join that waits', async () => {
    const options = { shutdownTimeout: 100 };
    peer = await createProtocolApp({ ...way, options });
    const address = '127.0.0.1:4001';
    peer.transport.script(address, 'status', () => new Promise(() => {}));
    const bodies = watchParsed('ballast');
    const answered = vi.fn();
    peer.post('/join', { port: 4001, ballast: [{}] }).end(answered);
    await until(() => peer.transport.bodiesTo(address, 'status').length > 0);
    bodies.stop();
    expect(bodies.refs).toHaveLength(1);
    await until(() => {
      collect();
      return bodies.refs[0]!.deref() === undefined;
    });
    expect(answered).not.toHaveBeenCalled();
  });

  it('has no room for bodies that unfold to more than all may take', async () => {
    const options = { limits: { maxIncomingBytes: 2 * MIB } };
    peer = await createProtocolApp({ ...way, options });
    await peer.join('member-a', 4001);
    const sync = async (text: string) => {
      const answer = await peer
        .post('/sync')
        .set('content-type', 'application/json')
        .set('x-peercloud-id', 'member-a')
        .send(text);
      return answer.status;
    };
    const large = `{"digest":"x","members":[],"more":${tinyObjects(900_000)}}`;
    // One that is alone may unfold to any size; none may beside another one.
    expect(await sync(large)).toBe(200);
    const { outgoing, answer } = openPost(`${peer.url}/sync`);
    outgoing.write(large);
    await until(async () => (await sync(large)) === 429);
    expect(await sync('{"digest":"x","members":[]}')).toBe(200);
    outgoing.end();
    await answer;
    expect(await sync(large)).toBe(200);
  });
});
