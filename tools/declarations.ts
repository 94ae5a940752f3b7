import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
} from '@microsoft/api-extractor';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

const config = ExtractorConfig.prepare({
  packageJsonFullPath: resolve(ROOT, 'package.json'),
  configObjectFullPath: undefined,
  configObject: {
    projectFolder: ROOT,
    mainEntryPointFilePath: resolve(ROOT, process.argv[2] ?? 'dist/index.d.ts'),
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          module: 'nodenext',
          target: 'es2023',
          strict: true,
          skipLibCheck: true,
          types: ['node'],
        },
        include: [],
        files: ['dist/index.d.ts'],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: 'x.api.md',
      reportFolder: '/tmp/apix',
      reportTempFolder: '/tmp/apix/temp',
    },
    docModel: { enabled: false },
    tsdocMetadata: { enabled: false },
    dtsRollup: {
      enabled: true,
      untrimmedFilePath: '',
      publicTrimmedFilePath: '/tmp/apix/x.d.ts',
    },
    messages: {
      extractorMessageReporting: {
        default: { logLevel: 'warning' as ExtractorLogLevel },
        'ae-missing-release-tag': { logLevel: 'none' as ExtractorLogLevel },
      },
    },
  },
});
const counts: Record<string, number> = {};
const t = performance.now();
const result = Extractor.invoke(config, {
  localBuild: true,
  messageCallback(message: ExtractorMessage) {
    counts[message.messageId] = (counts[message.messageId] ?? 0) + 1;
    if (message.messageId === 'ae-forgotten-export') {
      console.log(message.text);
    }
    message.handled = true;
  },
});
console.log(performance.now() - t, result.succeeded, counts);
