import { LimitedLog } from '../util/limited-log.js';
import { RefusalLog } from './refusal-log.js';

describe('RefusalLog', () => {
  it.each([
    ['10.0.0.7', 'from 10.0.0.7:'],
    ['', 'from a socket without an address:'],
  ])('names whom it refuses, at "%s"', (remoteAddress, from) => {
    const lines: string[] = [];
    const log = new LimitedLog({ warn: (text) => lines.push(text) }, () => 0);
    const headers = {};
    new RefusalLog(log, () => 'self').note('its address is public', {
      method: 'POST',
      path: '/status',
      headers,
      raw: Buffer.alloc(0),
      remoteAddress,
    });
    expect(lines[0]).toContain(from);
  });
});
