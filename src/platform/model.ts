/** A language model behind any endpoint that speaks the chat completions API with structured outputs. */
import OpenAI, { APIError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import type { Ask, Model, Reply } from '../runbook/refine/port.ts';
import type { Logger } from './logger.ts';
import { seldom } from './queue-line.ts';

export interface ModelOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly name: string;
}

/** The same question is to get the same answer, as far as the endpoint can (its `seed` is best effort). */
const SEED = 1;
/** More than the longest answer we read (bytes of the whole response). */
const MOST_BYTES = 1_000_000;
/** Nobody waits longer; callers abort well before (ms). */
const LAST_MS = 30_000;

/** Opens a model. Its connections are kept alive by the fetch of Node; nothing is sent before the first question. */
export function openModel({ apiKey, baseUrl, name }: ModelOptions, logger: Logger): Model {
  const warn = seldom(logger);
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    // Said outright, because the library would read each from the environment otherwise.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: LAST_MS,
    // A text of a customer follows no redirect to somebody else.
    fetchOptions: { redirect: 'error' },
    fetch: async (url, init) => bounded(await fetch(url, init)),
  });
  return {
    name,
    async ask({ system, user, schema }: Ask, signal: AbortSignal): Promise<Reply> {
      try {
        const completion = await client.chat.completions.create(
          {
            model: name,
            messages: [
              { role: 'system', content: system },
              { role: 'user', content: user },
            ],
            response_format: formatOf(schema),
            temperature: 0,
            seed: SEED,
          },
          { signal },
        );
        return replyOf(completion);
      } catch (error) {
        if (signal.aborted) return { ok: false, why: 'late' };
        warn(traceOf(error), 'the model did not answer; runbooks stay as structure reads them');
        return replyOfFault(error);
      }
    },
  };
}

/** Made once a schema, and that is the same for all questions. */
const formats = new WeakMap<Ask['schema'], ReturnType<typeof zodResponseFormat>>();

function formatOf(schema: Ask['schema']) {
  const format = formats.get(schema) ?? zodResponseFormat(schema, 'runbook');
  formats.set(schema, format);
  return format;
}

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish().catch(null),
});

/** What was answered may be anything, whatever the library's types say. */
function replyOf(completion: unknown): Reply {
  const read = completionSchema.safeParse(completion);
  const choice = read.data?.choices[0];
  if (!read.success || !choice) return RUBBISH;
  const { message, finish_reason: end } = choice;
  if (message.refusal || end === 'content_filter') return REFUSED;
  if (end !== 'stop' || !message.content) return RUBBISH;
  const { usage } = read.data;
  return {
    ok: true,
    json: message.content,
    usage: usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : null,
  };
}

const RUBBISH: Reply = { ok: false, why: 'rubbish' };
const REFUSED: Reply = { ok: false, why: 'refused' };
/** Codes of an endpoint that will not take this text; others get their answers. */
const TEXT_REFUSED = ['context_length_exceeded', 'content_policy_violation', 'content_filter'];
const TOO_LARGE = 413;
const TOO_MANY = 429;

function replyOfFault(error: unknown): Reply {
  // The answer came and is not what it says it is.
  if (error instanceof TooLong || nameOf(error) === 'SyntaxError') return RUBBISH;
  if (!(error instanceof APIError) || error.status === undefined) return { ok: false, why: 'down' };
  if (error.status === TOO_MANY) return { ok: false, why: 'limited', ...waitOf(error.headers) };
  if (error.status === TOO_LARGE || TEXT_REFUSED.includes(String(error.code))) return REFUSED;
  return { ok: false, why: 'down' };
}

/** `Retry-After` in seconds; as a date it is left out, and so is what is no number. */
function waitOf(headers: Headers | undefined): { waitMs?: number } {
  const seconds = Number(headers?.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { waitMs: seconds * 1_000 } : {};
}

/** What an operator needs to mend it, and no word of a text or a key: messages of an endpoint may hold both. */
function traceOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof APIError)) return { fault: nameOf(error) };
  if (error.status === undefined) return { fault: error.constructor.name };
  const short = (word: unknown) => (/^[\w.-]{1,64}$/.test(String(word ?? '')) ? word : undefined);
  return { status: error.status, code: short(error.code), param: short(error.param) };
}

const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : typeof error;

class TooLong extends Error {
  override readonly name = 'TooLong';
}

/** The response, which breaks off when it is longer than any answer. */
function bounded(response: Response): Response {
  if (!response.body) return response;
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, out) {
        bytes += chunk.byteLength;
        if (bytes > MOST_BYTES) out.error(new TooLong());
        else out.enqueue(chunk);
      },
    }),
  );
  return new Response(counted, response);
}
