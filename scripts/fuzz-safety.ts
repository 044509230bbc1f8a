/** Tries 200,000 mutants of the labelled commands, or as many as asked: `npm run fuzz:safety [-- COUNT [SEED]]`. */
import { loadSafety } from '../src/safety/index.ts';
import { fuzz } from '../test/safety/mutants.ts';

const [count = '200000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
await loadSafety();
console.log(`seed ${seed}`);
console.log(`${fuzz(Number(count), Number(seed))} mutants, none ranks below its original`);
