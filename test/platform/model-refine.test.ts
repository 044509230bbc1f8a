import { describe, expect, test } from '@jest/globals';
import { type Draft, openRefine } from '../../src/platform/model-refine.ts';
import { sha256Hex } from '../../src/protocol/canonical.ts';
import { tenantId } from '../../src/protocol/ids.ts';
import { extract } from '../../src/runbook/extract.ts';
import type { Model, Reply } from '../../src/runbook/refine/port.ts';
import { PROMPT_VERSION } from '../../src/runbook/refine/prompt.ts';
import { ALICE, TENANT } from '../support/builders.ts';
import { answerOf } from '../support/model.ts';
import { virtualTime } from '../support/virtual-time.ts';

const good: Reply = { ok: true, json: answerOf(), usage: null };

/** What a model makes of texts when each request takes a second and is answered so. */
function room(reply: Reply = good) {
  const time = virtualTime();
  const sent: string[] = [];
  const model: Model = {
    name: 'small',
    async ask({ user }, signal) {
      sent.push(user);
      await time.wait(1_000, signal);
      return signal.aborted ? { ok: false, why: 'late' } : reply;
    },
  };
  const refine = openRefine(model, time, time.wait);
  const draftOf = (text: string, given: Partial<Draft> = {}): Draft => ({
    tenant: TENANT,
    source: { text, sha256: sha256Hex(text), by: ALICE, place: { channel: 'C1', threadTs: null } },
    parse: extract(text),
    deadline: time.now() + 3_500,
    ...given,
  });
  return { time, sent, refine, draftOf };
}

const TEXT = '# Load\n\n1. Look:\n\n   ```\n   uptime\n   ```\n';

describe('what a model makes of a text', () => {
  test('names the model and the prompt, and keeps the commands of the text', async () => {
    const { time, refine, draftOf } = room();
    const answer = await time.pass(refine(draftOf(TEXT)));
    expect(answer).toMatchObject({
      ok: true,
      refined: { by: { model: 'small', promptVersion: PROMPT_VERSION } },
    });
    const commands = answer.ok ? answer.refined.parse.steps.flatMap((step) => step.commands) : [];
    expect(commands.map(({ text }) => text)).toEqual(['uptime']);
  });

  test('is rubbish when the answer is', async () => {
    const { time, refine, draftOf } = room({ ...good, json: 'Sure! Here is your runbook:' });
    expect(await time.pass(refine(draftOf(TEXT)))).toEqual({ ok: false, why: 'rubbish' });
  });

  test('is asked once for one text pasted twice at once, and not again for a third paste', async () => {
    const { time, sent, refine, draftOf } = room();
    const [one, other] = await time.pass(Promise.all([refine(draftOf(TEXT)), refine(draftOf(TEXT))]));
    expect(one).toEqual(other);
    expect(await time.pass(refine(draftOf(TEXT)))).toEqual(one);
    expect(sent).toHaveLength(1);
  });

  test('is never shared between workspaces', async () => {
    const { time, sent, refine, draftOf } = room();
    await time.pass(Promise.all([refine(draftOf(TEXT)), refine(draftOf(TEXT, { tenant: tenantId('T2') }))]));
    expect(sent).toHaveLength(2);
  });

  test('is asked again when it could not be had', async () => {
    const { time, sent, refine, draftOf } = room({ ok: false, why: 'limited' });
    await time.pass(refine(draftOf(TEXT)));
    await time.pass(refine(draftOf(TEXT)));
    expect(sent).toHaveLength(2);
  });

  test('is kept for the hundred texts last asked for, and no long ones', async () => {
    const { time, sent, refine, draftOf } = room();
    const ask = (text: string) => time.pass(refine(draftOf(text)));
    for (let index = 0; index < 100; index++) await ask(`${TEXT}\n${index}`);
    await ask(`${TEXT}\n0`);
    expect(sent).toHaveLength(100);
    await ask(`${TEXT}\nnew`);
    await ask(`${TEXT}\n0`);
    expect(sent).toHaveLength(101);
    await ask(`${TEXT}\n1`);
    expect(sent).toHaveLength(102);
    const long = `${TEXT}\n${'word '.repeat(13_000)}`;
    await ask(long);
    await ask(long);
    expect(sent).toHaveLength(104);
  });

  test('is late for whoever joined a request and has less time', async () => {
    const { time, sent, refine, draftOf } = room();
    const [first, joined] = await time.pass(
      Promise.all([refine(draftOf(TEXT)), refine(draftOf(TEXT, { deadline: time.now() + 500 }))]),
    );
    expect([first.ok, joined, sent.length]).toEqual([true, { ok: false, why: 'late' }, 1]);
  });
});
