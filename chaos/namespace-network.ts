import { execFileSync } from 'node:child_process';
import type { Network } from './network.js';

function run(...words: string[]): void {
  execFileSync(words[0]!, words.slice(1), { stdio: 'pipe' });
}

function works(...words: string[]): boolean {
  try {
    run(...words);
    return true;
  } catch {
    return false;
  }
}

/** The words before a command that runs in a namespace. */
function within(namespace: string): string[] {
  return ['ip', 'netns', 'exec', namespace];
}

/** What makes packets vanish at random. */
type Loser = 'netem' | 'nftables';

/** What works in a namespace, if anything does. */
function loserIn(inside: readonly string[]): Loser | undefined {
  const netem = 'tc qdisc add dev lo root netem loss 0%'.split(' ');
  if (works(...inside, ...netem)) {
    return 'netem';
  }
  return works(...inside, 'nft', dropRule(0.001)) ? 'nftables' : undefined;
}

function dropRule(share: number): string {
  const perMille = Math.round(share * 1000);
  return `table inet chaos { chain arriving { type filter hook input priority 0; iifname "eth0" numgen random mod 1000 < ${perMille} drop; }; }`;
}

/**
 * A switch in a network namespace of its own, and a namespace with one address for each host.
 * Parting moves the cables of some hosts to a second switch, so that packets vanish in silence.
 * Losing is done by `tc netem`, or by a random drop of nftables where the kernel has no netem.
 */
export class NamespaceNetwork implements Network {
  readonly name: string;
  readonly canPart = true;
  readonly canLose: boolean;
  readonly #prefix = `pc${process.pid}`;
  readonly #hub = `${this.#prefix}hub`;
  readonly #hosts: { ip: string; namespace: string; cable: string }[] = [];

  readonly #losesBy: Loser | undefined;

  private constructor(losesBy: Loser | undefined) {
    this.#losesBy = losesBy;
    this.canLose = losesBy !== undefined;
    this.name = `network namespaces (loss by ${losesBy ?? 'nothing'})`;
    run('ip', 'netns', 'add', this.#hub);
    for (const bridge of ['sw0', 'sw1']) {
      this.#inHub('ip', 'link', 'add', bridge, 'type', 'bridge');
      this.#inHub('ip', 'link', 'set', bridge, 'up');
    }
  }

  /** The network, or undefined where this machine does not allow it. */
  static create(): NamespaceNetwork | undefined {
    const probe = `pc${process.pid}probe`;
    if (!works('ip', 'netns', 'add', probe)) {
      return undefined;
    }
    const inside = within(probe);
    const add = [...inside, 'ip', 'link', 'add'];
    try {
      return works(...add, 'sw', 'type', 'bridge') &&
        works(...add, 'here', 'type', 'veth', 'peer', 'name', 'there')
        ? new NamespaceNetwork(loserIn(inside))
        : undefined;
    } finally {
      works('ip', 'netns', 'del', probe);
    }
  }

  addHost(): { ip: string; prefix: readonly string[] } {
    const index = this.#hosts.length + 1;
    const ip = `10.93.${index >> 8}.${index & 255}`;
    const namespace = `${this.#prefix}h${index}`;
    const cable = `c${index}`;
    run('ip', 'netns', 'add', namespace);
    const near = ['eth0', 'netns', namespace];
    const far = ['name', cable, 'netns', this.#hub];
    run('ip', 'link', 'add', ...near, 'type', 'veth', 'peer', ...far);
    const inside = within(namespace);
    run(...inside, 'ip', 'addr', 'add', `${ip}/16`, 'dev', 'eth0');
    run(...inside, 'ip', 'link', 'set', 'lo', 'up');
    run(...inside, 'ip', 'link', 'set', 'eth0', 'up');
    this.#plug(cable, 'sw0');
    this.#inHub('ip', 'link', 'set', cable, 'up');
    this.#hosts.push({ ip, namespace, cable });
    return { ip, prefix: inside };
  }

  part(ips: readonly string[]): void {
    for (const { ip, cable } of this.#hosts) {
      this.#plug(cable, ips.includes(ip) ? 'sw1' : 'sw0');
    }
  }

  heal(): void {
    this.part([]);
  }

  lose(share: number): void {
    for (const { namespace } of this.#hosts) {
      const inside = within(namespace);
      if (this.#losesBy === 'netem') {
        const loss = ['netem', 'loss', `${share * 100}%`];
        const device = ['dev', 'eth0', 'root'];
        run(...inside, 'tc', 'qdisc', 'replace', ...device, ...loss);
      } else {
        this.#dropAtRandom(inside, share);
      }
    }
  }

  remove(): void {
    for (const { namespace } of this.#hosts) {
      works('ip', 'netns', 'del', namespace);
    }
    works('ip', 'netns', 'del', this.#hub);
  }

  #dropAtRandom(inside: readonly string[], share: number): void {
    works(...inside, 'nft', 'delete', 'table', 'inet', 'chaos');
    if (share === 0) {
      return;
    }
    run(...inside, 'nft', dropRule(share));
  }

  #plug(cable: string, bridge: string): void {
    this.#inHub('ip', 'link', 'set', cable, 'master', bridge);
  }

  #inHub(...words: string[]): void {
    run(...within(this.#hub), ...words);
  }
}
