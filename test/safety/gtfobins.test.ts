import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { isWorse, type Risk } from '../../src/safety/verdict.ts';
import { risk } from './support.ts';

beforeAll(loadSafety);

/**
 * Ways in which ordinary programs start shells, load code, write and send files, as GTFOBins lists them, written down
 * from memory: the least risk and the command, one a line. Nothing ever runs them.
 */
const WAYS = readFileSync(new URL('./corpus/gtfobins.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [least, command] = line.split('\t');
    return { least: least as Risk, command: command ?? '' };
  });

test('every way of an ordinary program to run, load, write or send is judged at least so', () => {
  expect(WAYS.filter(({ least, command }) => isWorse(least, risk(command)))).toEqual([]);
});
