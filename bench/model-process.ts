/** A language model as a process of its own: answers as slowly, and fails as often, as was recorded. Argument: the seed. */
import { answerOf, completionOf } from '../test/support/model.ts';
import { fates } from './latency.ts';
import { serve } from './loopback.ts';

/** A short answer that fits any runbook. */
const ANSWER = answerOf({
  opinions: [{ line: 1, risk: 'caution', reason: 'It is the first thing that is touched.' }],
  questions: [{ line: null, text: 'On which host is this done?' }],
});

const draw = fates(Number(process.argv[2] ?? 1));
const told = { requests: 0, answered: 0, errors: 0, hangs: 0, givenUp: 0 };

await serve({
  'GET /told': async () => told,
  'POST /v1/chat/completions': async (_, gone) => {
    told.requests += 1;
    const fate = draw();
    if (fate.kind === 'hang') {
      told.hangs += 1;
      await gone.wait(null);
      return null;
    }
    if (await gone.wait(fate.ms)) {
      told.givenUp += 1;
      return null;
    }
    if (fate.kind === 'error') {
      told.errors += 1;
      throw new Error('The server had an error while processing your request.');
    }
    told.answered += 1;
    return completionOf(ANSWER);
  },
});
