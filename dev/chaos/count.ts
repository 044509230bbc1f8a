/** Compares what steps wrote into a file with what the product showed to people. Knows nothing of the product's records. */

/** One step as the thread shows it in the end. */
export interface SeenStep {
  readonly step: string;
  /** The thread says that the agent ran it to success. */
  readonly ran: boolean;
  /** The thread says that it did not run: it was refused, or the run ended before it. */
  readonly notRun: boolean;
  /** A person had to say how it ended. */
  readonly unknown: boolean;
  /** How often a person decided that it runs again. */
  readonly reruns: number;
}

/** One run as its thread shows it in the end. */
export interface SeenRun {
  readonly run: string;
  readonly ended: boolean;
  readonly steps: readonly SeenStep[];
}

export interface Count {
  readonly runs: number;
  readonly doubles: number;
  readonly lost: number;
  readonly stuck: number;
  readonly unknown: number;
  /** One line for each thing that was counted as a fault. */
  readonly notes: readonly string[];
}

/** `lines` are `<run> <step> <attempt>`, one for each start of a command. */
export function countLedger(lines: readonly string[], runs: readonly SeenRun[]): Count {
  const starts = new Map<string, string[]>();
  for (const line of lines) {
    const [run, step, attempt = ''] = line.split(' ');
    const name = `${run} ${step}`;
    starts.set(name, [...(starts.get(name) ?? []), attempt]);
  }
  const notes: string[] = [];
  let doubles = 0;
  let lost = 0;
  const note = (kind: 'DOUBLE' | 'LOST', sentence: string) => notes.push(`${kind}: ${sentence}`);
  for (const { run, steps } of runs) {
    for (const { step, ran, notRun, reruns } of steps) {
      const name = `${run} ${step}`;
      const attempts = starts.get(name) ?? [];
      starts.delete(name);
      const different = new Set(attempts).size;
      const extra = attempts.length - different + Math.max(0, different - 1 - reruns);
      if (extra > 0) {
        doubles += extra;
        note(
          'DOUBLE',
          `${name} started as attempts ${attempts.join(', ')}; a person had it run again ${reruns} times`,
        );
      }
      if (ran && attempts.length === 0) {
        lost += 1;
        note('LOST', `${name} is shown as done and never wrote its line`);
      }
      if (notRun && attempts.length > 0) {
        lost += 1;
        note('LOST', `${name} is shown as not run and wrote ${attempts.length} lines`);
      }
    }
  }
  for (const [name, { length }] of starts) {
    doubles += length;
    note('DOUBLE', `${name} started ${length} times, and no thread knows of it`);
  }
  const stuck = runs.filter(({ ended }) => !ended);
  notes.push(...stuck.map(({ run }) => `STUCK: ${run}`));
  return {
    runs: runs.length,
    doubles,
    lost,
    stuck: stuck.length,
    unknown: runs.filter(({ steps }) => steps.some(({ unknown }) => unknown)).length,
    notes,
  };
}
