// Kept, since tests of applications put another clock in its place, which stands still.
const { setImmediate } = globalThis;

let waiting: (() => void)[] = [];

/**
 * Calls back at the end of this turn of the event loop, when everything that has come in is read: what
 * several sockets have brought goes out together. One immediate for all: each costs as much as a message.
 */
export function atTurnEnd(callback: () => void): void {
  if (waiting.push(callback) === 1) {
    setImmediate(callAll);
  }
}

function callAll(): void {
  const all = waiting;
  waiting = [];
  let called = 0;
  try {
    while (called < all.length) {
      all[called++]!();
    }
  } finally {
    // What one of them throws is the process's to see, and costs the others a turn.
    for (const rest of all.slice(called)) {
      atTurnEnd(rest);
    }
  }
}
