import { fileURLToPath } from 'node:url';

/** The page's files, ready to serve. */
export interface Bundle {
  readonly js: string;
  readonly css: string;
}

let cached: Promise<Bundle> | null = null;

/** Bundles the page once a process, in memory. Rejects with esbuild's words when a source file is broken. */
export function bundlePage(): Promise<Bundle> {
  cached ??= build();
  return cached;
}

async function build(): Promise<Bundle> {
  const { build: esbuild } = await import('esbuild');
  const here = fileURLToPath(new URL('.', import.meta.url));
  const { outputFiles } = await esbuild({
    absWorkingDir: here,
    entryPoints: ['page/main.tsx', 'page/page.css'],
    outdir: 'out',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const text = (ending: string) => outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
  return { js: text('.js'), css: text('.css') };
}

/** The page around the bundle. Every resource is the simulator's own. */
export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slack simulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body><div id="root"></div><script type="module" src="/page.js"></script></body>
</html>
`;

/** Sent with every answer of the page: no foreign scripts, styles, fonts, frames or connections. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
