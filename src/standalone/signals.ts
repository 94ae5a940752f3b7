/** What is still open in this process; a signal closes all of it. */
const open = new Set<() => Promise<unknown>>();

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Lets SIGINT and SIGTERM close something and then end the process with code 0, once everything
 * that was registered is closed. A second signal finds no handler and ends the process at once.
 *
 * @returns takes the registration back
 */
export function closeOnSignal(close: () => Promise<unknown>): () => void {
  if (open.size === 0) {
    SIGNALS.forEach((signal) => process.on(signal, closeAll));
  }
  open.add(close);
  return () => {
    open.delete(close);
    if (open.size === 0) {
      stopListening();
    }
  };
}

function closeAll(): void {
  stopListening();
  void Promise.allSettled([...open].map((close) => close())).then(() =>
    process.exit(0),
  );
}

function stopListening(): void {
  SIGNALS.forEach((signal) => process.off(signal, closeAll));
}
