let waiting: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, when everything that has come in is read: what
 * several sockets have brought goes out together. One immediate for all: each costs as much as a message.
 *
 * @param callback must not throw
 */
export function atTurnEnd(callback: () => void): void {
  if (waiting.push(callback) === 1) {
    setImmediate(callAll);
  }
}

function callAll(): void {
  const all = waiting;
  waiting = [];
  for (const callback of all) {
    callback();
  }
}
