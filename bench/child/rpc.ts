import { describe } from '../load/outcome.js';

/** A call from the runner to a child process. */
export interface RpcCall {
  id: number;
  method: string;
  args: unknown;
}

/** What a child answers; `id` 0 says that it is ready. */
export type RpcAnswer =
  { id: number; value: unknown } | { id: number; error: string };

/** Methods that a child offers. */
export type RpcMethods = Record<string, (args: never) => unknown>;

/** Says that it is ready, then answers the runner's calls until it disconnects; then the process ends. */
export function serve(methods: RpcMethods, ready: unknown = true): void {
  process.on('message', (call: RpcCall) => void answer(methods, call));
  process.on('disconnect', () => process.exit());
  reply({ id: 0, value: ready });
}

async function answer(methods: RpcMethods, call: RpcCall): Promise<void> {
  try {
    const method = methods[call.method];
    if (!method) {
      throw new Error(`no method ${call.method}`);
    }
    reply({ id: call.id, value: await method(call.args as never) });
  } catch (error) {
    reply({ id: call.id, error: describe(error) });
  }
}

function reply(message: RpcAnswer): void {
  if (process.connected) {
    process.send?.(message);
  }
}
