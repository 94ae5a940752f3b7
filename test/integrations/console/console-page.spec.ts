import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { PeerCloudModule, type PeerCloudOptions } from '../../../src/index.js';
import {
  PeerCloudConsoleModule,
  type CloudView,
  type MemberView,
} from '../../../src/integrations/console/index.js';
import {
  agree,
  appPort,
  checkUntil,
  closePeers,
  cutOff,
  QUICK,
  startPeer,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';

const EXECUTABLE = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const isThere = existsSync(EXECUTABLE);
if (!isThere && process.env.CI) {
  throw new Error(`${EXECUTABLE} is missing: apt-get install chromium`);
}
if (!isThere) {
  console.log(`the console's page is not tested: no ${EXECUTABLE}`);
}

describe.skipIf(!isThere)('the page of the console', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ARGUMENTS,
    });
  });

  afterEach(async () => {
    await page.close();
    await closePeers();
    expect(problems.splice(0)).toEqual([]);
  });

  afterAll(() => browser.close());

  function startMember(
    name: string,
    peer?: string,
    options: PeerCloudOptions = {},
  ): Promise<PeerApp> {
    return startPeer({
      module: PeerCloudModule.forRoot({
        ...QUICK,
        ...options,
        isGlobal: true,
        data: { name },
        peers: peer === undefined ? [] : [peer],
      }),
      imports: [PeerCloudConsoleModule.forRoot()],
    });
  }

  async function open(
    peer: PeerApp,
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<void> {
    page = await browser.newPage(options);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('dialog', (dialog) => problems.push(`dialog ${dialog.message()}`));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        problems.push(message.text());
      }
    });
    await page.goto(`http://127.0.0.1:${appPort(peer)}/cloud`);
    await page.waitForSelector('#members tr');
  }

  const text = (selector: string) => page.textContent(selector);

  it('shows who comes, and who dies', async () => {
    const one = await startMember('one');
    await open(one);
    const two = await startMember('two', one.address);
    await until(() => agree([one, two]));
    await until(async () => (await text('#members'))!.includes('two'));
    expect(await text('#summary')).toContain('2 members');
    cutOff(two);
    await checkUntil(one, () => one.membership.peers().length === 0);
    await until(async () => !(await text('#members'))!.includes('two'));
    await until(async () => (await text('#event-list'))!.includes('peer.left'));
  });

  it('shows how messages to a member travel, and why', async () => {
    const one = await startMember('one');
    const streams = { messaging: { stream: false } } as const;
    const two = await startMember('two', one.address, streams);
    const three = await startMember('three', one.address);
    await until(() => agree([one, two, three]));
    await open(one);
    const row = async (name: string) =>
      page.locator('#members tr', { hasText: name }).textContent();
    await until(async () => (await row('two'))!.includes('/message: '));
    await until(async () => (await row('three'))!.includes('stream'));
  });

  it('takes what peers say for text', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const one = await startMember('one');
    const two = await startMember(name, one.address);
    await until(() => agree([one, two]));
    await open(one);
    await until(async () => (await text('#members'))!.includes(name));
    await until(async () => (await text('#event-list'))!.includes(name));
    expect(await page.locator('img').count()).toBe(0);
  });

  it('checks a member on demand, by keyboard', async () => {
    const one = await startMember('one');
    const two = await startMember('two', one.address);
    await until(() => agree([one, two]));
    await open(one);
    const button = page.getByRole('button', { name: 'Check two now' });
    await button.focus();
    await page.keyboard.press('Enter');
    await until(async () => (await text('#members'))!.includes('online'));
  });

  it.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const)('has nothing that axe finds, %s', async (_name, options) => {
    const one = await startMember('one');
    const two = await startMember('two', one.address);
    await until(() => agree([one, two]));
    await open(one, { ...options, bypassCSP: true });
    await until(async () => (await text('#members'))!.includes('two'));
    await page.evaluate(axe);
    const { violations } = (await page.evaluate(
      'axe.run()',
    )) as unknown as AxeResults;
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    const isWider = await page.evaluate(
      'document.documentElement.scrollWidth > innerWidth',
    );
    expect(isWider).toBe(false);
  });

  it('stays legible with 200 members', async () => {
    const one = await startMember('one');
    page = await browser.newPage();
    await page.route('**/api/cloud', async (route) => {
      const view = (await (await route.fetch()).json()) as CloudView;
      const [self] = view.members as [MemberView];
      const others = Array.from({ length: 199 }, (_, at) => ({
        ...self,
        id: `member-${at}`,
        name: `member ${at}`,
        isSelf: false,
        state: at === 7 ? 'suspect' : 'alive',
        report: { ...self.report, suspects: at === 8 ? ['member-7'] : [] },
      }));
      await route.fulfill({ json: { ...view, members: [self, ...others] } });
    });
    await page.goto(`http://127.0.0.1:${appPort(one)}/cloud`);
    await until(async () => (await text('#summary'))!.includes('200 members'));
    expect(await page.locator('#members tr').count()).toBe(200);
    expect(await page.locator('#drawing circle').count()).toBe(200);
    // No names on top of each other, and no web of lines: what is wrong can be seen.
    expect(await page.locator('#drawing text').count()).toBe(0);
    expect(await page.locator('#drawing line').count()).toBe(1);
    expect(await text('#drawing-text')).toContain('1 suspicions');
  });
});
