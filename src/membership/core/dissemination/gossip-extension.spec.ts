import type { JsonObject } from '../../../wire/json.js';
import type { CoreContext } from '../core-context.js';
import { GossipExtension } from './gossip-extension.js';
import { GossipQueue } from './gossip-queue.js';
import { makeRecord } from '../member-list/member-record.js';
import { MAX_GOSSIP_BYTES } from '../options/membership.limits.js';
import { resolveMembershipOptions } from '../options/membership.options.js';

const target = makeRecord(
  { id: 'b', ip: '10.0.0.2', port: 1, data: {}, features: ['gossip'] },
  'alive',
);

/** With 30 pieces of news of 3 KB each: more than a body has room for. */
function full(): GossipExtension {
  const queue = new GossipQueue(100);
  for (let n = 0; n < 30; n++) {
    queue.add(`x${n}`, { id: `x${n}`, data: 'x'.repeat(3000) }, true);
  }
  const list = { digest: { text: 'x'.repeat(64) }, size: 100, peek: () => {} };
  const options = resolveMembershipOptions();
  return new GossipExtension(
    { options, list } as unknown as CoreContext,
    queue,
  );
}

describe('GossipExtension', () => {
  it.each([
    ['nothing else', {}, 21],
    ['32 repairs', { repairs: Array<string>(32).fill('y'.repeat(600)) }, 14],
  ])(
    'keeps to 64 KiB a body that asks %s, and fills it',
    (_, extra, updates) => {
      const ext = full().request(target, [], extra) as JsonObject;
      expect(ext).toMatchObject(extra);
      expect(ext.updates).toHaveLength(updates);
      const bytes = Buffer.byteLength(JSON.stringify({ ext }));
      expect(bytes).toBeLessThanOrEqual(MAX_GOSSIP_BYTES);
      expect(bytes).toBeGreaterThan(MAX_GOSSIP_BYTES - 4 * 1024);
    },
  );
});
