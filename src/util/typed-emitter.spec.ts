import { TypedEmitter, type Emits } from './typed-emitter.js';

interface Events {
  moved: [from: string, to: string];
  ended: [];
}

describe('TypedEmitter', () => {
  it('calls listeners in the order of their subscriptions', () => {
    const emitter = new TypedEmitter<Events>();
    const heard: string[] = [];
    emitter.on('moved', (from, to) => heard.push(`first ${from} ${to}`));
    emitter.on('moved', (from) => heard.push(`second ${from}`));
    emitter.on('ended', () => heard.push('ended'));
    emitter.emit('moved', 'a', 'b');
    expect(heard).toEqual(['first a b', 'second a']);
    emitter.emit('ended');
    expect(heard).toHaveLength(3);
  });

  it('takes an event that nobody hears', () => {
    expect(() => new TypedEmitter<Events>().emit('ended')).not.toThrow();
  });

  it('serves whoever knows a part of its events only', () => {
    const emitter = new TypedEmitter<Events>();
    const ended = vi.fn();
    emitter.on('ended', ended);
    const part: Emits<Pick<Events, 'ended'>> = emitter;
    part.emit('ended');
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('lets a subscription wait until the event that causes it is over', () => {
    const emitter = new TypedEmitter<Events>();
    const late = vi.fn();
    emitter.on('ended', () => emitter.on('ended', late));
    emitter.emit('ended');
    expect(late).not.toHaveBeenCalled();
    emitter.emit('ended');
    expect(late).toHaveBeenCalledTimes(1);
  });
});
