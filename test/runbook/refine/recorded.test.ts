import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { recordedAnswers, recordedFor } from '../../../bench/recorded.ts';
import { extract } from '../../../src/runbook/extract.ts';
import { judge } from '../../../src/runbook/flatten.ts';
import { parseAnswer } from '../../../src/runbook/refine/answer.ts';
import { PROMPT_VERSION } from '../../../src/runbook/refine/prompt.ts';
import { readAnswer } from '../../../src/runbook/refine/read.ts';
import { classify, loadSafety } from '../../../src/safety/index.ts';
import { expectFaithful } from './support.ts';

beforeAll(loadSafety);

const recorded = recordedAnswers();
const folder = path.join(import.meta.dirname, '../own');
const pages = readdirSync(folder)
  .filter((name) => name !== 'expected')
  .map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }))
  .filter(({ text }) => recordedFor(text, recorded) !== null);

describe('recorded answers', () => {
  test.each(recorded)('$name is of the shape and the prompt of today', ({ answer, promptVersion }) => {
    expect(promptVersion).toBe(PROMPT_VERSION);
    expect(parseAnswer(JSON.stringify(answer))).toEqual(answer);
  });

  test('are there for most of our own runbooks', () => {
    expect(pages.length).toBeGreaterThanOrEqual(8);
  });

  test.each(pages)(
    '$name keeps what the structure reads, and everything that is said comes through',
    ({ text }) => {
      const parse = extract(text);
      const json = recordedFor(text, recorded) ?? '';
      const refined = readAnswer(json, text, parse);
      const answer = parseAnswer(json);
      if (!refined || !answer) throw new Error('the answer was not read');
      expectFaithful({ text, parse, verdicts: judge(parse, classify) }, refined);
      const { steps, variables, questions = [] } = refined.parse;
      const titles = steps.flatMap(({ title }) => title ?? []);
      expect(titles).toEqual(answer.steps.flatMap(({ title }) => title ?? []));
      const said = steps.flatMap(({ warnings, expected = [], branch }) => [...warnings, ...expected, branch]);
      for (const { condition, warnings, expected } of answer.steps)
        expect(said).toEqual(
          expect.arrayContaining([...warnings, ...expected, ...(condition ? [condition] : [])]),
        );
      expect(variables.flatMap(({ description }) => description ?? [])).toHaveLength(answer.inputs.length);
      expect(questions).toHaveLength(answer.questions.length);
      expect(refined.opinions.flat().filter((opinion) => opinion !== null)).toHaveLength(
        answer.opinions.length,
      );
    },
  );
});
