/**
 * `npm run fuzz:protocol [-- --envelopes N] [--seed S]` hands N forged envelopes to an agent's core (100,000 by default).
 * `npm run fuzz:protocol -- --bits [--envelopes N]` flips every bit of N genuine ones (200 by default).
 * The last line is JSON, `{"envelopes","accepted","crashed"}`; the exit code is 1 unless the last two are zero.
 */
import { parseArgs } from 'node:util';
import type { AgentState } from '../agent/state.ts';
import { encodeSigned, type Signed } from '../src/protocol/index.ts';
import { flipped, forgeries, sizeOf, starts, victim } from '../test/support/forge.ts';

const PROGRESS_EVERY = 20_000;

const { values } = parseArgs({
  options: {
    envelopes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    bits: { type: 'boolean', default: false },
  },
});

const tally = { envelopes: 0, accepted: 0, crashed: 0 };

function hand(kind: string, state: AgentState, signed: Signed): void {
  tally.envelopes += 1;
  try {
    if (starts(state, signed)) {
      tally.accepted += 1;
      console.log(`ACCEPTED (${kind}): ${JSON.stringify(encodeSigned(signed))}`);
    }
  } catch (error) {
    tally.crashed += 1;
    console.log(`CRASHED (${kind}): ${JSON.stringify(encodeSigned(signed))}\n${error}`);
  }
  if (tally.envelopes % PROGRESS_EVERY === 0) console.log(`${tally.envelopes} envelopes`);
}

function fuzz(count: number): void {
  const kinds = new Map<string, number>();
  for (const { kind, state, signed } of forgeries(Number(values.seed))) {
    if (tally.envelopes >= count) break;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    hand(kind, state, signed);
  }
  console.log([...kinds].map(([kind, made]) => `${kind}: ${made}`).join(', '));
}

function flipEveryBit(count: number): void {
  for (let n = 0; n < count; n += 1) {
    const { signed, state } = victim(n);
    if (!starts(state, signed))
      throw new Error(`The genuine envelope ${n} is not started, so this shows nothing.`);
    for (let bit = 0; bit < sizeOf(signed) * 8; bit += 1)
      hand(`bit ${bit} of envelope ${n}`, state, flipped(signed, bit >> 3, bit & 7));
  }
}

if (values.bits) flipEveryBit(Number(values.envelopes ?? 200));
else fuzz(Number(values.envelopes ?? 100_000));
console.log(JSON.stringify(tally));
process.exitCode = tally.accepted + tally.crashed === 0 ? 0 : 1;
