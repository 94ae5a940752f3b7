/** The network that the hosts stand in. */
export interface Network {
  /** What the printed report calls it. */
  readonly name: string;
  /** True where hosts can be parted from one another. */
  readonly canPart: boolean;
  /** True where packets can be made to vanish at random. */
  readonly canLose: boolean;
  /** Makes a place for a host: its address, and the words that run a command there. */
  addHost(): { ip: string; prefix: readonly string[] };
  /** Parts the hosts with these addresses from all others; nothing is refused, packets just vanish. */
  part(ips: readonly string[]): void;
  heal(): void;
  /** Share of packets (0 to 1) that every host loses on arrival. */
  lose(share: number): void;
  remove(): void;
}

/** Every host on 127.0.0.1: for machines where namespaces cannot be made. */
export class LoopbackNetwork implements Network {
  readonly name = 'loopback';
  readonly canPart = false;
  readonly canLose = false;

  addHost(): { ip: string; prefix: readonly string[] } {
    return { ip: '127.0.0.1', prefix: [] };
  }

  part(): void {
    throw new Error('hosts on loopback cannot be parted');
  }

  heal(): void {}

  lose(): void {
    throw new Error('loopback loses nothing');
  }

  remove(): void {}
}
