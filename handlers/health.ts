import type { ServerResponse } from 'node:http';

/** What a process needs to do its work, and whether it has it now. */
export interface Health {
  /** Where the process stands in its life; only one that serves is ready. */
  stage: 'starting' | 'serving' | 'ending';
  /** Asked for every look at readiness; each answers within `LOOK_LIMIT_MS` or counts as away. */
  readonly needs: Readonly<Record<string, () => Promise<boolean>>>;
  /** What the process can do without for a while; named in the answer, never a reason to be not ready. */
  readonly wants: Readonly<Record<string, () => Promise<boolean>>>;
  /** What a person has to see to before long; named in the answer, never a reason to be not ready. */
  readonly dues: Readonly<Record<string, () => boolean>>;
}

/** A look that takes longer than this is answered with “away” (ms): an orchestrator asks again soon. */
const LOOK_LIMIT_MS = 2_000;

/** `GET /healthz`: the process is alive and its event loop turns. It says nothing of what is around it. */
export function answerHealth(res: ServerResponse): void {
  answer(res, 200, { status: 'alive' });
}

/** `GET /readyz`: whether requests or work should come here now; 503 with the reason when not. */
export async function answerReadiness(health: Health, res: ServerResponse): Promise<void> {
  const [needs, wants] = await Promise.all([lookAt(health.needs), lookAt(health.wants)]);
  const isServing = health.stage === 'serving';
  const ready = isServing && Object.values(needs).every((there) => there === 'ok');
  const status = isServing ? (ready ? 'ready' : 'not ready') : health.stage;
  const dues = Object.entries(health.dues).map(([name, isDue]) => [name, isDue() ? 'due' : 'ok'] as const);
  answer(res, ready ? 200 : 503, { status, ...needs, ...wants, ...Object.fromEntries(dues) });
}

async function lookAt(parts: Health['needs']): Promise<Record<string, 'ok' | 'away'>> {
  const looks = Object.entries(parts).map(async ([name, look]) => [name, await within(look)] as const);
  return Object.fromEntries(await Promise.all(looks));
}

async function within(look: () => Promise<boolean>): Promise<'ok' | 'away'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LOOK_LIMIT_MS);
  });
  const there = await Promise.race([look().catch(() => false), late]);
  clearTimeout(timer);
  return there ? 'ok' : 'away';
}

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(`${JSON.stringify(body)}\n`);
}
