/** Watches from outside how soon things go on after a kill: it reads the database and asks nobody. */
import pg from 'pg';

export interface Watch {
  /** Something was killed or cut: what, in a word. */
  blow(what: string): void;
  /** Resolves when the agent has a newer connection than now. */
  agentBack(): Promise<void>;
  stop(): Promise<Timing>;
}

/** All in ms. */
export interface Timing {
  /** From each kill of the agent to its next connection, when nothing else was killed or cut meanwhile. */
  readonly agentBack: Spread;
  /** When something was: from the last of those blows. */
  readonly agentBackAfterMore: Spread;
  /** The longest time in which nothing was recorded although something was due, on its way to the agent or running there. */
  readonly longestPause: number;
  /** That pause in a sentence: what waited, and every blow from a little before it to its end. */
  readonly pauseStory: string;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

const LOOK_MS = 50;
const QUERY_MS = 2_000;

/** Everything that was ever recorded, and whether anything waits for the system rather than for a person. */
const PROGRESS = `SELECT coalesce(sum(version), 0) AS value, string_agg(DISTINCT kind || ' ' || status, ', ')
  FILTER (WHERE due_at <= now() OR status = 'under-way') AS work FROM due`;

/** A blow this long before a pause may be its cause: longer than a line is ever silent, or a lease lives. */
const CAUSE_MS = 15_000;

const zero = { ms: 0, from: 0, work: '' };

export function startWatch(ownerUrl: string): Watch {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2, query_timeout: QUERY_MS });
  pool.on('error', () => undefined); // Postgres is killed all the time
  pool.on('connect', (client) => client.on('error', () => undefined));
  const backs: number[] = [];
  const backsAfterMore: number[] = [];
  const blows: { readonly at: number; readonly what: string }[] = [];
  const blowAt = () => blows.at(-1)?.at ?? 0;
  let changedAt = performance.now();
  let last = -1;
  let waiting = '';
  let longest = zero;
  let stopped = false;
  const read = async (sql: string): Promise<{ value: number; work: string } | null> =>
    pool.query(sql).then(
      ({ rows }) => ({ value: Number(rows[0]?.value ?? 0), work: String(rows[0]?.work ?? '') }),
      () => null,
    );
  const epoch = async () =>
    (await read('SELECT max(lease_epoch) AS value FROM agent_identity WHERE lease_until > now()'))?.value ??
    null;
  const looking = (async () => {
    while (!stopped) {
      const seen = await read(PROGRESS);
      const now = performance.now();
      // While the database is away nobody can tell, so the time counts.
      if (seen) waiting = seen.work;
      if (seen && (seen.work === '' || seen.value !== last)) {
        last = seen.value;
        changedAt = now;
      } else if (now - changedAt > longest.ms) {
        longest = { ms: now - changedAt, from: changedAt, work: waiting };
      }
      await wait(LOOK_MS);
    }
  })();
  return {
    blow(what) {
      blows.push({ at: performance.now(), what });
    },
    async agentBack() {
      const killedAt = performance.now();
      let before: number | null = null;
      while (!stopped) {
        const now = await epoch();
        before ??= now;
        if (now !== null && before !== null && now > before) {
          const wasAlone = blowAt() <= killedAt;
          (wasAlone ? backs : backsAfterMore).push(performance.now() - Math.max(killedAt, blowAt()));
          return;
        }
        await wait(LOOK_MS);
      }
    },
    async stop() {
      stopped = true;
      await looking;
      await pool.end();
      return {
        agentBack: spread(backs),
        agentBackAfterMore: spread(backsAfterMore),
        longestPause: Math.round(longest.ms),
        pauseStory: storyOf(longest, blows),
      };
    },
  };
}

function storyOf(
  { ms, from, work }: typeof zero,
  blows: readonly { readonly at: number; readonly what: string }[],
): string {
  const seconds = (at: number) => `${((at - from) / 1_000).toFixed(1)} s`;
  const near = blows.filter(({ at }) => at > from - CAUSE_MS && at < from + ms);
  return `The longest pause, ${seconds(from + ms)}: ${work || 'the database'} waited. Blows, counted from its start: ${near
    .map(({ at, what }) => `${what} ${seconds(at)}`)
    .join(', ')}.`;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.map(Math.round).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
