import type { Log } from '../../src/audit/log.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { userId } from '../../src/protocol/ids.ts';
import type { Scanner } from '../../src/run/plan.ts';
import { parseSha256 } from '../../src/runbook/edit.ts';
import { judge } from '../../src/runbook/flatten.ts';
import type { Parse } from '../../src/runbook/runbook.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import { RISKS, type Risk, type Verdict } from '../../src/safety/verdict.ts';
import type { STEP_KINDS } from './swarm.ts';

type StepKind = (typeof STEP_KINDS)[number];

/** A first word for each risk. */
export const COMMANDS: Record<Risk, string> = { safe: 'show', caution: 'restart', danger: 'drop' };

const VERDICTS = Object.fromEntries(
  RISKS.map((risk) => [
    risk,
    {
      risk,
      reasons: [{ rule: `simulation.${risk}`, risk, sentence: `It is ${risk}.` }],
      traits: [],
      rulesetVersion: '1',
      rulesetSha256: 'a'.repeat(64),
    },
  ]),
) as unknown as Record<Risk, Verdict>;

/** Knows a command by its first word, as service and agent both do. */
export const scanner: Scanner & { classify(command: string): Verdict } = {
  classify: (command) => VERDICTS[RISKS.find((risk) => command.startsWith(COMMANDS[risk])) ?? 'danger'],
  plannedInvocations: (command) => [command.split(' ')],
};

const SOURCE = { start: 0, end: 1 };

function parseOf(kinds: readonly StepKind[]): Parse {
  const steps = kinds.map((kind, index) => ({
    description: `Do thing ${index + 1}`,
    kind: kind === 'by hand' ? ('manual' as const) : ('command' as const),
    commands: kind === 'by hand' ? [] : [{ text: `${COMMANDS[kind]} thing-${index + 1}`, source: SOURCE }],
    branch: null,
    rollback: false,
    warnings: [],
    source: SOURCE,
  }));
  return { title: 'Restart the api', kind: 'markdown', steps, variables: [], prerequisites: [], untaken: [] };
}

/** A draft with steps of these kinds, ready to be started by whoever was shown the hash that is returned. */
export async function draftRunbook(log: Log, ref: SubjectRef, kinds: readonly StepKind[]): Promise<string> {
  const parse = parseOf(kinds);
  const by = userId('UALICE');
  const alice = { user: by, standing: 'member', admin: false } as const;
  const place = { channel: 'C1', threadTs: null };
  const source = { text: 'steps', sha256: 'a'.repeat(64), by, place };
  await log.transact(runbookKind, ref, { type: 'receive', source, by: alice });
  await log.transact(runbookKind, ref, { type: 'parsed', parse });
  await log.transact(runbookKind, ref, { type: 'classified', verdicts: judge(parse, scanner.classify) });
  return parseSha256(parse);
}
