import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import MarkdownIt from 'markdown-it';
import { extract } from '../src/runbook/extract.ts';
import { normalise } from '../src/runbook/normalise/index.ts';
import { readAnswer } from '../src/runbook/refine/read.ts';
import type { Parse } from '../src/runbook/runbook.ts';
import { shows } from '../src/runbook/trace.ts';
import { type Gold, rates, type Score, score, total } from './parse-score.ts';
import { recordedAnswers, recordedFor } from './recorded.ts';

/**
 * `npm run bench:parse`: how much of labelled runbooks the structural reading finds, whether every command can be
 * shown in its source, and how long it takes; and the same with recorded answers of a model, where there is one, which
 * must not find less. The last line is one JSON object. Nothing that is read is executed.
 */
const root = path.resolve(import.meta.dirname, '..');
const corpus = path.resolve(root, process.env.CORPUS_DIR ?? '../shared/corpus', 'runbooks');
const own = path.join(root, 'test/runbook/own');

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`.padStart(7);
const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 1);

interface Page {
  readonly name: string;
  readonly text: string;
  readonly gold: Gold;
}

/** The pages of a folder that have labels beside them. */
function pagesOf(folder: string): Page[] {
  return readdirSync(folder).flatMap((file) => {
    const label = path.join(folder, 'expected', `${path.parse(file).name}.json`);
    if (!existsSync(label) || file === 'expected') return [];
    const text = readFileSync(path.join(folder, file), 'utf8').replace(/^\ufeff/, '');
    return [{ name: file, text, gold: JSON.parse(readFileSync(label, 'utf8')) as Gold }];
  });
}

/** Commands whose part of the source does not show them. */
function lost(text: string, parse: Parse): string[] {
  return parse.steps
    .flatMap((step) => step.commands)
    .filter(({ text: command, source }) => !shows(text.slice(source.start, source.end), command, parse.kind))
    .map((command) => command.text);
}

interface Reading {
  readonly score: Score;
  readonly lost: number;
}

interface Measured extends Reading {
  readonly kind: string;
  /** The same with the answer that is recorded for the page, if one is. */
  readonly refined: Reading | null;
}

const recorded = recordedAnswers();

/** What the recorded answer makes of a page: what it only suggests is not taken. */
function refined({ text }: Page, parse: Parse): Parse | null {
  const answer = recordedFor(text, recorded);
  const read = answer === null ? null : readAnswer(answer, text, parse);
  if (answer !== null && read === null) throw new Error('A recorded answer has not the shape of an answer.');
  return (
    read && {
      ...read.parse,
      steps: read.parse.steps.map((step) => ({
        ...step,
        commands: step.commands.filter(({ suggested }) => !suggested),
      })),
    }
  );
}

function measure(page: Page): Measured {
  const { name, text, gold } = page;
  const parse = extract(text);
  const scored = score(parse, gold);
  const { precision, recall, f1 } = rates(scored);
  const unseen = lost(text, parse);
  const model = refined(page, parse);
  say(
    `${name.padEnd(56)} ${parse.kind.padEnd(9)} ${String(scored.gold).padStart(3)} ${percent(precision)} ${percent(recall)} ${percent(f1)}` +
      ` ${model ? percent(rates(score(model, gold)).f1) : '      -'}  ${scored.notCommandsTaken}/${scored.notCommands}  ${scored.variablesFound}/${scored.variables}`,
  );
  for (const command of scored.missed) say(`    missed   ${JSON.stringify(command).slice(0, 160)}`);
  for (const command of scored.spurious) say(`    spurious ${JSON.stringify(command).slice(0, 160)}`);
  for (const command of unseen) say(`    not shown by its source ${JSON.stringify(command).slice(0, 160)}`);
  return {
    kind: parse.kind,
    score: scored,
    lost: unseen.length,
    refined: model && { score: score(model, gold), lost: lost(text, model).length },
  };
}

function summary(measured: readonly Reading[]) {
  const all = total(measured.map((each) => each.score));
  return {
    files: measured.length,
    ...rates(all),
    notCommandsTaken: share(all.notCommandsTaken, all.notCommands),
    variableRecall: share(all.variablesFound, all.variables),
    commands: all.taken,
    notShown: measured.reduce((sum, each) => sum + each.lost, 0),
  };
}

/** Both readings of the pages that have a recorded answer, and on how many of them the answer made it find less. */
function compared(measured: readonly Measured[]) {
  const pairs = measured.flatMap((before) => (before.refined ? [{ before, after: before.refined }] : []));
  return {
    structure: summary(pairs.map(({ before }) => before)),
    recorded: summary(pairs.map(({ after }) => after)),
    fell: pairs.filter(({ before, after }) => rates(after.score).f1 < rates(before.score).f1).length,
  };
}

function report(title: string, folder: string) {
  say(
    `\n${title}\n${'file'.padEnd(56)} kind     gold  precis.  recall      F1   model  not-commands taken  variables`,
  );
  const measured = pagesOf(folder).map(measure);
  for (const kind of new Set(measured.map((each) => each.kind))) {
    const of = summary(measured.filter((each) => each.kind === kind));
    say(
      `  ${kind.padEnd(9)} ${of.files} files  F1 ${percent(of.f1)}  variables ${percent(of.variableRecall)}`,
    );
  }
  const all = summary(measured);
  say(
    `  all       ${all.files} files  precision ${percent(all.precision)}  recall ${percent(all.recall)}  F1 ${percent(all.f1)}  not-commands taken ${percent(all.notCommandsTaken)}  variables ${percent(all.variableRecall)}  commands not shown ${all.notShown} of ${all.commands}`,
  );
  const model = compared(measured);
  say(
    `  recorded  ${model.recorded.files} files with a recorded answer  F1 ${percent(model.recorded.f1)} (by structure alone ${percent(model.structure.f1)})  commands not shown ${model.recorded.notShown} of ${model.recorded.commands}`,
  );
  if (model.fell > 0) process.exitCode = 1;
  return { ...all, model };
}

/** A text of `size` units in the manner of the pages of a folder's kind. */
function sample(extension: string, size: number): string {
  const parts = readdirSync(own)
    .filter((file) => file.endsWith(extension))
    .map((file) => readFileSync(path.join(own, file), 'utf8'));
  let text = '';
  for (let at = 0; text.length < size; at++) text += `${parts[at % parts.length] ?? '\n'}\n`;
  return text.slice(0, size);
}

/** Median and 99th percentile of `work` in milliseconds, over enough rounds to have a 99th. */
function timed(work: () => unknown, rounds: number): { median: number; p99: number } {
  for (let at = 0; at < Math.min(20, rounds); at++) work();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const at = (part: number): number =>
    times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0;
  return { median: at(0.5), p99: at(0.99) };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Times of both halves of the reading beside those of a plain markdown-it parse of a Markdown text of the same size. */
function times() {
  say(
    '\ntimes in ms: median / 99th percentile, and times the median of markdown-it on Markdown of that size',
  );
  const markdown = new MarkdownIt({ html: true });
  return [5, 20, 100, 256].flatMap((kb) => {
    const rounds = kb <= 20 ? 400 : 120;
    const reference = sample('.md', kb * 1024);
    const plain = timed(() => markdown.parse(reference, {}), rounds).median;
    return ['.md', '.html'].map((extension) => {
      const text = sample(extension, kb * 1024);
      const measured = (read: (text: string) => unknown) => {
        const { median, p99 } = timed(() => read(text), rounds);
        return { median: rounded(median), p99: rounded(p99), toMarkdownIt: rounded(median / plain) };
      };
      const row = {
        kb,
        kind: extension.slice(1),
        normalise: measured(normalise),
        extract: measured(extract),
      };
      const shown = ({ median, p99, toMarkdownIt }: typeof row.extract): string =>
        `${median} / ${p99} (${toMarkdownIt} times)`;
      say(
        `  ${String(kb).padStart(3)} KB ${row.kind.padEnd(4)} normalise ${shown(row.normalise)}  extract ${shown(row.extract)}`,
      );
      return row;
    });
  });
}

function labelledReport() {
  if (existsSync(corpus)) return report('labelled runbooks', corpus);
  say(
    `The labelled runbooks are not here (${corpus}). Set CORPUS_DIR to measure them; the project's own follow.`,
  );
  return null;
}

const labelled = labelledReport();
const ours = report("the project's own runbooks", own);
say(`\n${JSON.stringify({ labelled, own: ours, times: times() })}`);
