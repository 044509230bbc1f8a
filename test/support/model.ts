/** A language model as tests need one: the shapes of the public API, and an endpoint on this machine that says what it is told to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from '../../src/runbook/refine/answer.ts';

const nothing: Answer = { title: null, steps: [], commands: [], inputs: [], questions: [], opinions: [] };

/** An answer with these parts and nothing else to say. */
export const answerOf = (parts: Partial<Answer> = {}): string => JSON.stringify({ ...nothing, ...parts });

/** A chat completion with this content, as the API sends it. */
export const completionOf = (content: string, choice: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'gpt-4.1-mini-2025-04-14',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
      ...choice,
    },
  ],
  usage: { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1_020 },
  system_fingerprint: 'fp_1',
});

export interface FakeModel {
  /** For OPENAI_BASE_URL. */
  readonly url: string;
  /** The user's part of each question, in the order of their arrival. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts an endpoint that answers each question with what `answer` makes of its text, once that is there. */
export async function startFakeModel(answer: (text: string) => Promise<string> | string): Promise<FakeModel> {
  const asked: string[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
    const text = messages.find(({ role }) => role === 'user')?.content ?? '';
    asked.push(text);
    const completion = completionOf(await answer(text));
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
