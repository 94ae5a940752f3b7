import { fileWith, removeFiles, run } from './support/run.js';

afterAll(removeFiles);

/** None of them gets as far as asking anybody. */
it.each<[string, string]>([
  ['', 'what shall it do? one of members, watch'],
  ['mmbers', 'mmbers: there is no such command: one of members'],
  ['keys', 'keys: there is no such command'],
  ['keys rotat', 'keys rotat: there is no such command'],
  ['members now', 'write nestjs-peercloud members'],
  ['members --jsn', "Unknown option '--jsn'"],
  ['members --json=yes', "Option '--json' does not take an argument"],
  ['members --count 1', '--count: members has no such option'],
  ['members --peer', "Option '-p, --peer <value>' argument missing"],
  ['members --peer http://x', "--peer: http://x: write 'host:port'"],
  ['members --peer a:99999', '--peer: a:99999: port must be'],
  ['members --timeout 0', '--timeout: 0: must be a number, 0.1 to 3600'],
  ['members --secret-file /no/such', '--secret-file: /no/such: there is no'],
  ['members --secret-file -', '--secret-file: -: must have one line'],
  ['members --secret-file SHORT', '--secret-file: must have 16 characters'],
  ['members --private-key-file SHORT', 'and --trusted-keys-file go together'],
  ['members --trusted-keys-file SHORT', 'must have public keys, PEM'],
  ['members --cert SHORT', '--ca, --cert and --key: cert and key go together'],
  ['members --ca /no/such', '--ca: /no/such: there is no such file'],
  ['watch --count x', '--count: x: must be a number'],
  ['ping', 'write nestjs-peercloud ping <peer>'],
  ['ping a --count 1.5', '--count: 1.5: must be a whole number'],
  ['ping a --interval -1', "Option '--interval' argument is ambiguous"],
  ['send a', 'write nestjs-peercloud send <peer> <body>'],
  ['send a {', '<body>: '],
  ['send a []', '<body>: a message is a JSON object'],
  ['send a -', '<body>: '],
  ['broadcast', 'write nestjs-peercloud broadcast <body>'],
  ['broadcast 1', '<body>: a message is a JSON object'],
  ['jobs all', 'write nestjs-peercloud jobs'],
  ['owner', 'write nestjs-peercloud owner <key>'],
  ['keys generate 2', 'write nestjs-peercloud keys generate'],
  ['keys generate --peer a', '--peer: keys generate has no such option'],
  ['keys rotate', 'keys rotate needs --secret-file <file>'],
  ['keys rotate --secret-file LONG', 'keys rotate needs --new-secret-file'],
  [
    'keys rotate --secret-file LONG --new-secret-file LONG',
    '--new-secret-file: has the same secret as --secret-file',
  ],
  [
    'keys rotate --secret-file LONG --new-secret-file SHORT',
    '--new-secret-file: must have 32 characters at least',
  ],
  [
    'keys rotate --secret-file - --new-secret-file -',
    '--new-secret-file: -: the standard input has one secret',
  ],
  ['completion', 'write nestjs-peercloud completion <shell>'],
  ['completion tcsh', '<shell>: must be one of bash, zsh, fish'],
])("'%s' is one clear line and exit code 2", async (typed, text) => {
  const files = {
    SHORT: fileWith('short\n'),
    LONG: fileWith('a secret of more than 32 characters\n'),
  };
  const argv = typed
    .split(' ')
    .filter(Boolean)
    .map((word) => files[word as keyof typeof files] ?? word);
  const { code, out, err } = await run(argv);
  expect(err).toMatch(/^nestjs-peercloud: [^\n]+\n$/);
  expect(err).toContain(text);
  expect(out).toBe('');
  expect(code).toBe(2);
});

it('help and version are answers', async () => {
  const help = await run(['--help']);
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('keys rotate');
  const one = await run(['ping', '-h']);
  expect(one.out).toContain('--interval <ms>');
  const { out } = await run(['--version']);
  expect(out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
});

it('a generated secret is a new one each time, and long enough', async () => {
  const [one, other] = await Promise.all([
    run(['keys', 'generate']),
    run(['keys', 'generate']),
  ]);
  expect(Buffer.from(one.out, 'base64')).toHaveLength(32);
  expect(one.out).not.toBe(other.out);
});

it.each(['bash', 'zsh', 'fish'])('%s completes it', async (shell) => {
  const { code, out } = await run(['completion', shell]);
  expect(code).toBe(0);
  for (const word of ['members', 'broadcast', 'rotate', 'secret-file']) {
    expect(out).toContain(word);
  }
});
