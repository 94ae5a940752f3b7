import { Injectable } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { OnPeerMessage, PeerCloudModule } from '../../src/index.js';
import { PeerCloudConsoleModule } from '../../src/integrations/console/index.js';
import {
  PeerScheduleModule,
  PeerSingleton,
  type PeerRun,
} from '../../src/integrations/schedule/index.js';
import {
  agree,
  closePeers,
  listOf,
  QUICK,
  startPeer,
  type PeerApp,
} from '../e2e/module/support/peer-app.js';
import { until } from '../support/until.js';
import { linesOf, run } from './support/run.js';

@Injectable()
class Handlers {
  @OnPeerMessage('count')
  async *count() {
    for (const number of [1, 2, 3]) {
      yield await Promise.resolve({ number });
    }
  }

  @OnPeerMessage('fail')
  fail(): never {
    throw new Error('not today');
  }

  @OnPeerMessage()
  echo(body: object): object {
    return { echo: body };
  }
}

@Injectable()
class Jobs {
  @PeerSingleton()
  leader({ signal }: PeerRun): Promise<void> {
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve()),
    );
  }
}

interface Listed {
  members: { id: string; name: string; state: string; isSelf: boolean }[];
}

const NASTY = 'beta\u001b[2J\u202e';

/** An open cloud; alpha has jobs and the console, the other one has neither. */
let alpha: PeerApp;
let beta: PeerApp;
const at = (peer: PeerApp) => ['--peer', peer.address];

beforeAll(async () => {
  alpha = await startPeer({
    providers: [Handlers, Jobs],
    imports: [
      ScheduleModule.forRoot(),
      PeerScheduleModule.forRoot(),
      PeerCloudConsoleModule.forRoot(),
    ],
    module: PeerCloudModule.forRoot({
      ...QUICK,
      isGlobal: true,
      id: 'id-of-alpha',
      data: { name: 'alpha', role: 'first' },
    }),
  });
  beta = await startPeer({
    providers: [Handlers],
    options: {
      id: 'id-of-beta',
      data: { name: NASTY },
      peers: [alpha.address],
    },
  });
  await until(() => agree([alpha, beta]));
});

afterAll(closePeers);

describe('members', () => {
  it('is a table, complete and without colours where it is piped', async () => {
    const { code, out, err } = await run(['members', ...at(beta)]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, ...rows] = out.trimEnd().split('\n');
    expect(head).toMatch(/^NAME +ID +ADDRESS +STATE +FOR +DATA$/);
    expect(rows).toHaveLength(2);
    expect(out).toContain(`alpha`);
    expect(out).toContain(alpha.address);
    expect(out).toContain('{"role":"first"}');
    // What a peer calls itself moves no cursor.
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('\u202e');
  });

  it('fits a terminal, in colours', async () => {
    const { out } = await run(['members', ...at(beta)], { columns: 60 });
    expect(out).toContain('\u001b[32malive\u001b[0m');
    // oxlint-disable-next-line no-control-regex
    const lines = out.replace(/\u001b\[\d+m/g, '').split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(61);
    const plain = { columns: 60, env: { NO_COLOR: '1' } };
    expect((await run(['members', ...at(beta)], plain)).out).toContain(
      ' alive',
    );
  });

  it('is one JSON value, which says which peer was asked', async () => {
    const result = await run(['members', '--json', ...at(beta)]);
    const [list] = linesOf<Listed>(result);
    expect(list!.members.map(({ id }) => id).sort()).toEqual(listOf(alpha));
    expect(list!.members.find(({ isSelf }) => isSelf)).toMatchObject({
      id: 'id-of-beta',
      name: NASTY,
    });
  });

  it('has what the console knows, where the peer has one', async () => {
    const { out } = await run(['members', ...at(alpha)]);
    expect(out).toContain('PACKAGE');
    expect(out).toContain('OUT/S');
  });

  it('takes the first peer that answers, also from the environment', async () => {
    const PEERCLOUD_PEER = `127.0.0.1:1,${alpha.address}`;
    const { code } = await run(['members'], { env: { PEERCLOUD_PEER } });
    expect(code).toBe(0);
  });
});

describe('watch', () => {
  it('shows who comes and goes, and the peers never hear of it', async () => {
    const counts = [alpha, beta].map(({ events }) => events.length);
    let shown = '';
    const onText = (text: string) => (shown += text);
    const watching = run(['watch', '--json', '--count', '2', ...at(beta)], {
      onText,
    });
    const joined = async () => {
      const gamma = await startPeer({
        options: { id: 'id-of-gamma', peers: [beta.address] },
      });
      await until(() => agree([alpha, beta, gamma]));
      return gamma;
    };
    // Another one until it is seen: nobody knows when the command has begun to listen.
    while (!shown.includes('peer.joined')) {
      const gamma = await joined();
      await gamma.close();
      await until(() => agree([alpha, beta]));
    }
    const result = await watching;
    expect(result.code).toBe(0);
    const [first] = linesOf<{ type: string; peer: { id: string } }>(result);
    expect(first).toMatchObject({ peer: { id: 'id-of-gamma' } });
    const others = [alpha, beta].flatMap(({ events }, index) =>
      events
        .slice(counts[index])
        .filter(
          (event) => !('peer' in event && event.peer.id === 'id-of-gamma'),
        ),
    );
    expect(others).toEqual([]);
  });

  it('says that its peer shuts down', async () => {
    const delta = await startPeer();
    const watching = run(['watch', ...at(delta)]);
    await delta.close();
    const { code, err } = await watching;
    expect(code).toBe(1);
    expect(err).toMatch(/^nestjs-peercloud: [^\n]+\n$/);
  });
});

describe('send and broadcast', () => {
  it('show the replies of a peer, a line each', async () => {
    const { code, out } = await run([
      'send',
      'id-of-b',
      '{"type":"count"}',
      ...at(alpha),
    ]);
    expect(code).toBe(0);
    expect(out).toBe('{"number":1}\n{"number":2}\n{"number":3}\n');
  });

  it('take the body from the standard input', async () => {
    const { out } = await run(['send', 'alpha', '-', ...at(alpha)], {
      stdin: '{"a":[1,"\\u001b"]}\n',
    });
    expect(out).toBe('{"echo":{"a":[1,"\\u001b"]}}\n');
  });

  it('reach everybody, the peer that is asked included', async () => {
    const result = await run(['broadcast', '{"a":1}', '--json', ...at(alpha)]);
    expect(result.code).toBe(0);
    const replies = linesOf<{ peer: { id: string }; value: unknown }>(result);
    expect(replies.map(({ peer }) => peer.id).sort()).toEqual(listOf(alpha));
    expect(replies[0]!.value).toEqual({ echo: { a: 1 } });
    const { out } = await run(['broadcast', '{"a":1}', ...at(alpha)]);
    expect(out).toContain('alpha (id-of-alpha) {"echo":{"a":1}}\n');
  });

  it('end with 1 where a peer fails, and say which', async () => {
    const fail = '{"type":"fail"}';
    const one = await run(['send', 'alpha', fail, ...at(beta)]);
    expect(one).toMatchObject({ code: 1, out: '' });
    expect(one.err).toMatch(/^nestjs-peercloud: BAD_STATUS: [^\n]+\n$/);
    const all = await run(['broadcast', fail, '--json', ...at(beta)]);
    expect(all.code).toBe(1);
    expect(linesOf(all)).toContainEqual({
      peer: { id: 'id-of-alpha', name: 'alpha' },
      error: expect.objectContaining({ code: 'BAD_STATUS', status: 500 }),
    });
  });

  it('need somebody to go to', async () => {
    const { code, err } = await run(['send', 'nobody', '{}', ...at(alpha)]);
    expect(code).toBe(1);
    expect(err).toContain('nobody: no such member');
    const two = await run(['send', 'id-of-', '{}', ...at(alpha)]);
    expect(two.err).toContain('id-of-: 2 members are called so');
  });
});

describe('ping', () => {
  const fast = ['--count', '5', '--interval', '0'];

  it('measures round trips, and shows how they are spread', async () => {
    const { code, out } = await run(['ping', 'alpha', ...fast, ...at(beta)]);
    expect(code).toBe(0);
    expect(out).toContain('alpha (id-of-alpha): 5 of 5 answered\n');
    expect(out).toMatch(/min .+ p50 .+ p90 .+ p99 .+ max /);
    expect(out).toMatch(/[<>] +[\d.]+ ms █+ \d/);
    const json = await run(['ping', 'alpha', '--json', ...fast, ...at(beta)]);
    const [summary] = linesOf<{ times: number[]; lost: number }>(json);
    expect(summary).toMatchObject({ lost: 0, peer: 'alpha (id-of-alpha)' });
    expect(summary!.times).toHaveLength(5);
  });
});

describe('jobs and owners', () => {
  it('shows jobs with their owners', async () => {
    const shown = async () => {
      const { out } = await run(['jobs', ...at(alpha)]);
      return out.includes('alpha (id-of-alpha)') && out;
    };
    const out = await until(shown);
    expect(out).toMatch(/^JOB +KIND +OWNER/);
    expect(out).toMatch(/leader +singleton +alpha/);
    const json = await run(['jobs', '--json', ...at(alpha)]);
    expect(linesOf<{ jobs: object[] }>(json)[0]!.jobs).toHaveLength(1);
  });

  it('says that a peer has none', async () => {
    const { code, err } = await run(['jobs', ...at(beta)]);
    expect(code).toBe(1);
    expect(err).toMatch(/^nestjs-peercloud: .*this peer has no jobs[^\n]+\n$/);
  });

  it('shows the owner of a key', async () => {
    const shown = await until(async () => {
      const result = await run(['owner', 'k', '--json', ...at(alpha)]);
      return result.code === 0 ? result : undefined;
    });
    const [{ owner }] = linesOf<{ owner: { id: string } }>(shown) as [
      { owner: { id: string } },
    ];
    const { out } = await run(['owner', 'k', ...at(alpha)]);
    expect(out).toContain(owner.id);
  });
});

it('whoever cannot be asked is one clear line and exit code 1', async () => {
  const { code, out, err } = await run(['members', '--peer', '127.0.0.1:1']);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe(
    'nestjs-peercloud: 127.0.0.1:1: nothing listens there: --peer <host:port> names a peer\n',
  );
  const tls = await run(['members', '--tls', ...at(alpha)]);
  expect(tls).toMatchObject({ code: 1, out: '' });
  expect(tls.err).toContain('there is no TLS: leave out --tls');
});
