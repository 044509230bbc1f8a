/**
 * Measures the scanner on the labelled corpus of blind writers: misses and false alarms per family beside what the usual
 * guards would get, and its speed beside the bare parser. The last line is one JSON object.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from 'unbash';
import { classify, loadSafety } from '../src/safety/index.ts';
import { isWorse, RISKS, type Risk } from '../src/safety/verdict.ts';

const FOLDER = fileURLToPath(new URL('../test/safety/corpus/families/', import.meta.url));

interface Line {
  readonly family: string;
  readonly cmd: string;
  /** Every risk that two engineers could honestly give. */
  readonly label: readonly Risk[];
}

const lines = readdirSync(FOLDER)
  .sort()
  .flatMap((file) => readFileSync(`${FOLDER}${file}`, 'utf8').split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Line);

type Guard = (command: string) => Risk;

/** A list of dangerous patterns, as such guards are usually written: what no pattern finds is safe. */
const PATTERNS: readonly RegExp[] = [
  /\brm\s+(-\w+\s+)*-\w*[rf]/,
  /\bdd\b.*\bof=/,
  /\bmkfs/,
  /\b(shutdown|reboot|halt|poweroff)\b/,
  /\bkubectl\s+delete\b/,
  /\bhelm\s+(uninstall|delete)\b/,
  /\bterraform\s+destroy\b/,
  /\b(DROP|TRUNCATE)\s+(TABLE|DATABASE)\b/i,
  /\bDELETE\s+FROM\b(?!.*\bWHERE\b)/i,
  /\b(curl|wget)\b.*\|\s*(ba|z)?sh\b/,
  /\bchmod\s+(-R\s+)?777\b/,
  />\s*\/dev\/(sd|nvme)/,
  /:\(\)\s*\{/,
  /\bgit\s+(push\s+.*--force|reset\s+--hard|clean\s+-\w*f)/,
  /\bdocker\s+(rm|rmi|system\s+prune)\b/,
  /\baws\b.*\b(delete|terminate)-/,
  /\bfind\b.*-delete\b/,
  /\bFLUSHALL\b/i,
  /\bkill\s+-9\b/,
  /\biptables\s+-F\b/,
];
const patternList: Guard = (command) =>
  PATTERNS.some((pattern) => pattern.test(command)) ? 'danger' : 'safe';

/** A list of allowed beginnings: what starts otherwise needs a look. */
const PREFIXES =
  /^(ls|cat|head|tail|grep|less|wc|sort|uniq|cut|find|du|df|free|ps|top|uptime|id|whoami|hostname|date|echo|pwd|stat|file|which|env|printenv|ping|dig|nslookup|ss|netstat|ip a|ip addr|curl|journalctl|dmesg|systemctl (status|list|show|is-)|kubectl (get|describe|logs|top|explain|version|api-)|docker (ps|logs|inspect|images|stats)|git (status|log|diff|show|branch)|helm (list|status|history|get)|terraform (plan|show|output|validate)|aws \S+ (describe|list|get)-)/;
const prefixList: Guard = (command) => (PREFIXES.test(command) ? 'safe' : 'caution');

const GUARDS = {
  scanner: (command: string) => classify(command).risk,
  patternList,
  prefixList,
};

interface Score {
  danger: number;
  dangerSafe: number;
  caution: number;
  cautionSafe: number;
  safe: number;
  alarms: number;
}

function score(list: readonly Line[], guard: Guard): Score {
  const total: Score = { danger: 0, dangerSafe: 0, caution: 0, cautionSafe: 0, safe: 0, alarms: 0 };
  for (const { cmd, label } of list) {
    const risk = guard(cmd);
    const lowest = RISKS.find((each) => label.includes(each)) ?? 'danger';
    total[lowest] += 1;
    if (lowest === 'danger' && risk === 'safe') total.dangerSafe += 1;
    if (lowest === 'caution' && risk === 'safe') total.cautionSafe += 1;
    if (lowest === 'safe' && !label.includes(risk) && isWorse(risk, 'safe')) total.alarms += 1;
  }
  return total;
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;

/** Of one guard: danger called safe, caution called safe, and safe called anything else. */
function columns({ danger, dangerSafe, caution, cautionSafe, safe, alarms }: Score): string {
  return [`${dangerSafe}/${danger}`, `${cautionSafe}/${caution}`, `${alarms}/${safe}`, share(alarms, safe)]
    .map((text) => text.padStart(9))
    .join('');
}

function row(name: string, list: readonly Line[]): string {
  const scores = Object.values(GUARDS).map((guard) => columns(score(list, guard)));
  return `${name.padEnd(24)}${scores.join('  |')}`;
}

/** Microseconds a command, each the best of three runs on a shared machine: median, 99th percentile, commands a second. */
function time(run: (command: string) => unknown): { median: number; p99: number; perSecond: number } {
  const commands = lines.map(({ cmd }) => cmd);
  for (let round = 0; round < 3; round += 1) for (const command of commands) run(command);
  const spans = commands.map((command) =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const start = process.hrtime.bigint();
        run(command);
        return Number(process.hrtime.bigint() - start) / 1_000;
      }),
    ),
  );
  const sorted = [...spans].sort((a, b) => a - b);
  const total = spans.reduce((sum, span) => sum + span, 0);
  const at = (quantile: number): number =>
    Math.round((sorted[Math.floor(sorted.length * quantile)] ?? 0) * 10) / 10;
  return { median: at(0.5), p99: at(0.99), perSecond: Math.round((1_000_000 * spans.length) / total) };
}

/** The fastest of some runs of the command line for one line, in ms. */
function coldStart(command: string): number {
  const program = fileURLToPath(new URL('../bin/dd0c', import.meta.url));
  const runs = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now();
    spawnSync(program, ['scan'], { input: `${command}\n` });
    return performance.now() - start;
  });
  return Math.round(Math.min(...runs));
}

async function bundleSize(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/safety/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    external: ['libpg-query'],
    write: false,
    logLevel: 'silent',
  });
  return Math.round((outputFiles[0]?.contents.length ?? 0) / 1024);
}

await loadSafety();
const parser = (command: string): unknown => {
  try {
    return parse(command);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
};

const families = [...new Set(lines.map((line) => line.family))].map((family) => ({
  family,
  list: lines.filter((line) => line.family === family),
}));
const heads = ['the scanner', 'a list of patterns', 'a list of allowed beginnings'];
console.log(' '.repeat(24) + heads.map((head) => head.padStart(36)).join('  |'));
const columnHeads = ['danger→', 'caution→', 'safe→', ''].map((head) => head.padStart(9)).join('');
console.log('family'.padEnd(24) + heads.map(() => columnHeads).join('  |'));
for (const { family, list } of families) console.log(row(family, list));
console.log(row(`all ${lines.length}`, lines));
console.log('danger→ and caution→: called safe; safe→: called anything else');
const scores = Object.fromEntries(
  Object.entries(GUARDS).map(([name, guard]) => [name, { lines: lines.length, ...score(lines, guard) }]),
);
const speed = { scanner: time(classify), parser: time(parser) };
console.log(
  `scanner: median ${speed.scanner.median} µs, p99 ${speed.scanner.p99} µs, ${speed.scanner.perSecond} commands a second`,
);
console.log(
  `parser alone: median ${speed.parser.median} µs, p99 ${speed.parser.p99} µs, ${speed.parser.perSecond} commands a second`,
);
const start = { plain: coldStart('ls -la'), postgres: coldStart('psql -c "SELECT 1"') };
const kilobytes = await bundleSize();
console.log(
  `cold start of the command line: ${start.plain} ms, with PostgreSQL's grammar ${start.postgres} ms; bundle ${kilobytes} KB`,
);
console.log(JSON.stringify({ ...scores, speed, coldStartMs: start, bundleKb: kilobytes }));
