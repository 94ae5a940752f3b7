import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsError } from './option-checks.js';
import { readSeeds, type PeerSeed } from './peer-list.js';
import { fileSource, type PeerSource, srvSource } from './peer-sources.js';

const { signal } = new AbortController();

/** The seeds that one entry of the option `peers` gives. */
async function seedsOf(entry: unknown, scheme?: 'https') {
  const [source] = readSeeds([entry], 'peers', scheme) as [
    Exclude<PeerSeed, { ip: string }>,
  ];
  return source.seeds(signal);
}

const source = (seeds: unknown): PeerSource => ({
  name: 'registry',
  seeds: () => seeds as string[],
});

describe('a source among the peers', () => {
  it('names seeds in every form, by the scheme of the peer', async () => {
    const entry = source(['10.0.0.7:8080', { ip: 'app.example' }]);
    expect(await seedsOf(entry, 'https')).toEqual([
      { ip: '10.0.0.7', port: 8080, scheme: 'https' },
      { ip: 'app.example', port: 9338, scheme: 'https' },
    ]);
  });

  it.each([
    [undefined, 'seeds: null: must be an array'],
    ['10.0.0.7', 'seeds: "10.0.0.7": must be an array'],
    [['ok', 'x:y'], 'seeds[1]: "x:y": port must be 0 to 65535'],
    [[source([])], 'seeds[0]: {"name":"registry"}: host must be'],
  ])('that gives %j says what is wrong', async (given, message) => {
    await expect(seedsOf(source(given))).rejects.toThrow(message);
  });

  it.each([
    [{ name: 'x', seeds: [] }, 'peers[0]: {"name":"x","seeds":[]}: a source'],
    [{ seeds: () => [] }, 'peers[0]: {}: a source needs a name'],
    ['srv:', 'peers[0]: "srv:": must be the name of SRV records'],
    ['srv:10.0.0.7', 'must be the name of SRV records'],
    [null, "write 'host:port'"],
  ])('that is %j ends the start', (entry, message) => {
    expect(() => readSeeds([entry], 'peers')).toThrow(message);
    expect(() => readSeeds([entry], 'peers')).toThrow(OptionsError);
  });
});

describe('SRV records', () => {
  it('are seeds by their targets and ports', async () => {
    const asked: string[] = [];
    const srv = srvSource('srv:_peers._tcp.app.example', '', async (name) => {
      asked.push(name);
      return [
        { name: 'a.app.example', port: 9338, priority: 1, weight: 1 },
        { name: 'b.app.example', port: 9339, priority: 2, weight: 1 },
      ];
    });
    expect(await seedsOf(srv)).toEqual([
      { ip: 'a.app.example', port: 9338 },
      { ip: 'b.app.example', port: 9339 },
    ]);
    expect(asked).toEqual(['_peers._tcp.app.example']);
  });
});

describe('a file of seeds', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'peers-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const LINES = '# ours\n10.0.0.7:8080 # first\r\n\n  [::1]:9000\n';

  it('has one in each line, and comments', async () => {
    const path = join(folder, 'peers.txt');
    writeFileSync(path, LINES);
    expect(await seedsOf(fileSource(path))).toEqual([
      { ip: '10.0.0.7', port: 8080 },
      { ip: '::1', port: 9000 },
    ]);
  });

  it('is read anew: missing for a moment, replaced by renaming, behind the links of a ConfigMap', async () => {
    const path = join(folder, 'peers.txt');
    const file = fileSource(path);
    await expect(seedsOf(file)).rejects.toThrow('ENOENT');

    writeFileSync(`${path}.new`, '10.0.0.1');
    renameSync(`${path}.new`, path);
    expect(await seedsOf(file)).toEqual([{ ip: '10.0.0.1', port: 9338 }]);

    // As the kubelet does it: the file is a link through `..data`, which is swapped.
    for (const [version, ip] of [
      ['..1', '10.0.0.2'],
      ['..2', '10.0.0.3'],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'peers.txt'), ip);
      symlinkSync(version, join(folder, '..tmp'));
      renameSync(join(folder, '..tmp'), join(folder, '..data'));
      rmSync(path, { force: true });
      symlinkSync(join('..data', 'peers.txt'), path);
      expect(await seedsOf(file)).toEqual([{ ip, port: 9338 }]);
    }
  });

  it('says which line is wrong, and refuses what is too large', async () => {
    const path = join(folder, 'peers.txt');
    const file = fileSource(path);
    writeFileSync(path, '10.0.0.7\nhttp://10.0.0.8\n');
    await expect(seedsOf(file)).rejects.toThrow('seeds[1]: "http://10.0.0.8"');
    writeFileSync(path, '#'.repeat(300_000));
    await expect(seedsOf(file)).rejects.toThrow('larger than 262144 bytes');
    await expect(seedsOf(fileSource(folder))).rejects.toThrow('EISDIR');
  });

  it('needs a path', () => {
    expect(() => fileSource('')).toThrow(OptionsError);
  });
});
