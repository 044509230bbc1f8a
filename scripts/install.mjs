/** Makes a fresh clone ready: the right Node, and exactly the packages of package-lock.json. Imports nothing installed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './progress.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const mark = join(root, 'node_modules/.installed');
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Why this Node will not do, in one sentence, or null; `wanted` is the package's `engines.node`: `>=20.11`. */
export function nodeTooOld(version, wanted) {
  const numbers = (text) =>
    text
      .replace(/^[^0-9]*/, '')
      .split('.')
      .map(Number);
  const [major = 0, minor = 0] = numbers(version);
  const [wantedMajor = 0, wantedMinor = 0] = numbers(wanted);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `dd0c/run needs Node ${wantedMajor}.${wantedMinor} or newer, and this is ${version}: install a newer Node and run this again.`;
}

/** Whether npm itself recorded, in `node_modules`, every package the lock demands, in the lock's version. */
export function holdsEverything(lock, installed) {
  return Object.entries(lock.packages).every(
    ([path, wanted]) =>
      path === '' || wanted.optional || installed.packages[path]?.version === wanted.version,
  );
}

function isInstalled(lockText) {
  // Somebody ran `npm ci` by hand: npm writes this file last, so an install that was cut short has none.
  const record = join(root, 'node_modules/.package-lock.json');
  return existsSync(record) && holdsEverything(JSON.parse(lockText), readJson(record));
}

function mayWrite(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function npmCi() {
  const line = progress('Installing the packages');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm_execpath is set for what npm runs: then the same npm is used.
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : null;
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] };
  return new Promise((done) => {
    const child =
      npm === null ? spawn('npm', args, options) : spawn(process.execPath, [npm, ...args], options);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', (error) => {
      line.end();
      done(error.message);
    });
    child.on('close', (code) => {
      line.end();
      done(code === 0 ? null : output.trim());
    });
  });
}

function giveUp(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Installs what is missing (16 to 25 s on a fresh clone, at once otherwise), or ends the process with one sentence. */
export async function ensureInstalled() {
  const tooOld = nodeTooOld(process.versions.node, readJson(join(root, 'package.json')).engines.node);
  if (tooOld !== null) giveUp(tooOld);
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lockText).digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === hash) return;
  if (!isInstalled(lockText)) {
    if (!mayWrite(root))
      giveUp(
        `The packages of dd0c/run are not installed, and you may not write to ${root}: run npm ci as its owner.`,
      );
    const failure = await npmCi();
    if (failure !== null) giveUp(`${failure}\nThe packages could not be installed; npm says why above.`);
  }
  if (mayWrite(join(root, 'node_modules'))) writeFileSync(mark, hash);
}

/** Imports a TypeScript file of the project, named from the project's folder. */
export async function importSource(file) {
  const { register } = await import('tsx/esm/api');
  register();
  return import(new URL(`../${file}`, import.meta.url).href);
}

/** Runs a TypeScript file of the project, named from the project's folder, with everything it needs. */
export async function launch(file) {
  await ensureInstalled();
  await importSource(file);
}

const started = process.argv[1];
if (
  started !== undefined &&
  existsSync(started) &&
  realpathSync(started) === fileURLToPath(import.meta.url)
) {
  await ensureInstalled();
}
