import { sortOptions } from './standalone.options.js';
import type { StandaloneOptions } from './standalone.types.js';

describe('sortOptions', () => {
  it.each([
    [undefined, 0],
    ['', 0],
    [0, 0],
    ['0', 0],
    [8080, 8080],
    ['8080', 8080],
  ])('reads the port %j as %i', (port, expected) => {
    expect(sortOptions({ port }).port).toBe(expected);
  });

  it.each([
    [{ port: 65_536 }, 'port: 65536: port must be 0 to 65535'],
    [{ port: -1 }, 'port: -1: port must be 0 to 65535'],
    [{ port: 80.5 }, 'port: 80.5: port must be 0 to 65535'],
    [{ port: 'http' }, 'port: "http": port must be 0 to 65535'],
    [{ port: null }, 'port: null: port must be 0 to 65535'],
    [{ onmessage: 'x' }, 'onmessage: "x": must be a function'],
    [{ onMessage: {} }, 'onMessage: {}: must be a function'],
    [{ signals: 1 }, 'signals: 1: must be true or false'],
    [{ listener: {} }, 'listener: {}: the standalone form always has'],
  ])('refuses %j', (options, message) => {
    expect(() => sortOptions(options as StandaloneOptions)).toThrow(message);
  });

  it.each([null, 'x', 7])('refuses %j for the options', (options) => {
    expect(() => sortOptions(options as StandaloneOptions)).toThrow(
      'options: ',
    );
  });

  it('takes either spelling of the handler, onMessage first', () => {
    const one = () => {};
    const two = () => {};
    expect(sortOptions({ onmessage: one }).onMessage).toBe(one);
    expect(sortOptions({ onMessage: two }).onMessage).toBe(two);
    expect(sortOptions({ onmessage: one, onMessage: two }).onMessage).toBe(two);
  });

  it('is quiet, and cares for signals, unless told otherwise', () => {
    expect(sortOptions({})).toMatchObject({
      logger: ['fatal', 'error', 'warn'],
      signals: true,
    });
    expect(sortOptions({ logger: false, signals: false })).toMatchObject({
      logger: false,
      signals: false,
    });
  });

  it('leaves the rest to the module', () => {
    const { module } = sortOptions({ port: 1, peers: ['a'], cloud: 'test' });
    expect(module).toEqual({ peers: ['a'], cloud: 'test' });
  });
});
