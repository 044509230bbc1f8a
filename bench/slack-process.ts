/** A Slack that shows everything at once after `argv[2]` ms and writes down when each channel was last changed. */
import { serve } from './loopback.ts';

interface Arrivals {
  /** When the first and the newest message or change arrived (ms since 1970). */
  first: number;
  last: number;
  count: number;
}

const delayMs = Number(process.argv[2] ?? 0);
const arrivals: Record<string, Arrivals> = {};
let ts = 0;

const show = async (body: string, gone: { wait(ms: number): Promise<boolean> }) => {
  const now = Date.now();
  const channel = new URLSearchParams(body).get('channel') ?? '';
  const known = arrivals[channel];
  arrivals[channel] = { first: known?.first ?? now, last: now, count: (known?.count ?? 0) + 1 };
  ts += 1;
  await gone.wait(delayMs);
  return { ok: true, channel, ts: `${ts}.000001` };
};

await serve({
  'GET /arrivals': async () => arrivals,
  'POST /api/chat.postMessage': show,
  'POST /api/chat.update': show,
});
