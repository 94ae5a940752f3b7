import { serve } from './rpc.js';

/** An app whose start is measured; resolves once it listens. */
export type StartUpApp = () => Promise<void>;

const { default: start } = (await import(process.argv[2]!)) as {
  default: StartUpApp;
};
await start();
// performance.now() counts from the start of the process.
const ms = performance.now();
globalThis.gc?.();
serve({}, { ms, rss: process.memoryUsage().rss });
