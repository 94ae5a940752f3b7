#!/usr/bin/env node
import { main } from './main.js';

// Whoever reads a pipe may have had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    process.exit();
  }
  throw error;
});

process.exitCode = await main(process.argv.slice(2), process);
