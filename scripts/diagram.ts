/**
 * Draws the states of a run and its steps from the tables in src/run/states.ts into docs/run-states.md.
 * `tsx scripts/diagram.ts` writes the file; with `--check` it changes nothing and exits 1 when the file differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  hasEnded,
  isSettled,
  RUN_STATES,
  RUN_TRANSITIONS,
  STEP_STATES,
  STEP_TRANSITIONS,
  type Transition,
} from '../src/run/states.ts';

const FILE = fileURLToPath(new URL('../docs/run-states.md', import.meta.url));

/** Mermaid takes no hyphen in a state's name. */
const name = (state: string): string => state.replaceAll('-', '_');

function diagram<S extends string>(states: readonly S[], table: readonly Transition<S>[], first: S): string {
  const labels = states
    .filter((state) => state.includes('-'))
    .map((state) => `  state "${state}" as ${name(state)}`);
  const arrows = table.flatMap(({ event, from, to }) =>
    from.map((state) => `  ${name(state)} --> ${name(to)}: ${event}`),
  );
  const ends = states.filter((state) => table.every(({ from, to }) => !from.includes(state) || to === state));
  const lines = [
    ...labels,
    `  [*] --> ${name(first)}`,
    ...arrows,
    ...ends.map((state) => `  ${name(state)} --> [*]`),
  ];
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n');
}

function rows(table: readonly Transition<string>[]): string {
  const row = ({ event, from, to }: Transition<string>) => `| \`${event}\` | ${from.join(', ')} | ${to} |`;
  return ['| Event | From | To |', '|---|---|---|', ...table.map(row)].join('\n');
}

const list = (states: readonly string[]): string => states.map((state) => `*${state}*`).join(', ');

/** The whole document. */
function page(): string {
  return `# The states of a run

Generated from \`src/run/states.ts\` by \`npx tsx scripts/diagram.ts\`; do not edit. \`npm run check\` compares them.

A run has ended in the states ${list(RUN_STATES.filter(hasEnded))}. It goes on to the next step from the states
${list(STEP_STATES.filter(isSettled))}. A step of unknown outcome halts its run until its agent's word or a person's settles it, or a
person asks for it once more. An outcome that comes late settles a step that was offered once more, as long as that was not
sent. \`step.contradicted\` moves nothing: what an agent says against the record is kept beside it. \`run.stopped\` is of logs
from before \`run.halted\`: there an unknown outcome ended the run.

## Run

${diagram(RUN_STATES, RUN_TRANSITIONS, 'none')}

${rows(RUN_TRANSITIONS)}

## Step

${diagram(STEP_STATES, STEP_TRANSITIONS, 'waiting')}

${rows(STEP_TRANSITIONS)}
`;
}

const drawn = page();
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, drawn);
} else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== drawn) {
  console.error(
    'docs/run-states.md is not what src/run/states.ts says. Run `npm run fix` and commit the result.',
  );
  process.exitCode = 1;
}
