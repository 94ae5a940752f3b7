const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal fires. However many messages share one signal, it gets one listener: Node
 * warns of a leak when there are more than ten.
 *
 * @returns takes the listener away again
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let waiting = listeners.get(signal);
  if (!waiting) {
    const all = new Set<() => void>();
    const callAll = () => {
      for (const each of all) {
        each();
      }
    };
    signal.addEventListener('abort', callAll, { once: true });
    listeners.set(signal, all);
    waiting = all;
  }
  waiting.add(listener);
  return () => waiting.delete(listener);
}
