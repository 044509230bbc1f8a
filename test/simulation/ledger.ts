import type { RunSpec } from '../../agent/supervisor.ts';

/** One command that really ran, as somebody saw it who stands outside of everything. */
export interface Started {
  readonly host: string;
  /** By what stands in its environment. */
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly spec: RunSpec;
  /** True time, in ms since 1970. */
  readonly at: number;
  /** The envelope that the journal names, as far as it was durable when the command began; null when it names none. */
  readonly envelopeId: string | null;
  /** What the journal says of pauses, as far as it is durable; null when nothing. */
  readonly panic: { readonly epoch: number; readonly paused: boolean } | null;
  /** The agent was told of this pause after the last word that it may go on; null when of none. */
  readonly toldOfPause: number | null;
  /**
   * What the host's clock said (ms since 1970), how far off it was when the agent last heard the time from the server, and
   * how far it has jumped since (ms).
   */
  readonly clock: { readonly now: number; readonly wasOff: number; readonly jumped: number };
  /** The highest `seq` in the journal before this one, and the highest that the server has heard of since it was enrolled. */
  readonly seqs: { readonly journal: number; readonly heard: number };
  /** Somebody had told the agent to end. */
  readonly isDraining: boolean;
  end: { readonly exitCode: number | null; readonly signal: string | null } | null;
}

/** Everything that ran on any host. */
export class Ledger {
  readonly started: Started[] = [];
  /** The envelopes of what somebody tried to start, whether it began or not. */
  readonly tried = new Set<string>();

  write(started: Started): void {
    this.started.push(started);
  }

  of(run: string, step: string): readonly Started[] {
    return this.started.filter((one) => one.run === run && one.step === step);
  }
}
