import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const GRAMMAR = 'libpg-query.wasm';

/**
 * Builds the agent into one file that plain `node` runs, with no need of this repository, and puts the grammar of
 * PostgreSQL, which it loads, beside it. `outFile` should end in `.cjs`. Rejects with esbuild's errors when it cannot
 * be built.
 */
export async function bundleAgent(outFile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('../agent/main.ts', import.meta.url))],
    outfile: outFile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const grammar = new URL(`../node_modules/libpg-query/wasm/${GRAMMAR}`, import.meta.url);
  await copyFile(grammar, join(dirname(outFile), GRAMMAR));
}
