import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { openModel } from '../../src/platform/model.ts';
import { answerSchema } from '../../src/runbook/refine/answer.ts';
import { fakeLogger } from '../support/fakes.ts';
import { answerOf, completionOf } from '../support/model.ts';

const HOST = 'https://model.example';
const KEY = 'sk-not-a-real-key';
const TEXT = 'restart the payment service';
const ASK = { system: 'Read it.', user: TEXT, schema: answerSchema };

let logged: Record<string, unknown>[] = [];

function ask(signal = new AbortController().signal, baseUrl = `${HOST}/v1`) {
  const { logger, lines } = fakeLogger();
  logged = lines;
  return openModel({ apiKey: KEY, baseUrl, name: 'small' }, logger).ask(ASK, signal);
}

const post = () => nock(HOST).post('/v1/chat/completions');
/** Errors as the public API writes them; a message may hold part of the key or of the text. */
const error = (fields: object) => ({
  error: {
    message: `You said: ${TEXT}. Your key is ${KEY}.`,
    type: 'invalid_request_error',
    param: null,
    code: null,
    ...fields,
  },
});
const json = { 'content-type': 'application/json' };

beforeAll(() => {
  nock.disableNetConnect();
  nock.enableNetConnect('127.0.0.1');
});
beforeEach(() => nock.cleanAll());
afterEach(() => {
  // Whatever went wrong, no text and no key is in the log.
  expect(JSON.stringify(logged)).not.toMatch(/payment|sk-not|not-a-real/);
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

describe('a model', () => {
  test('is asked once, deterministically, for an answer of the schema', async () => {
    let body: Record<string, unknown> = {};
    let headers: Record<string, unknown> = {};
    post().reply(
      200,
      function (_, given) {
        body = given as Record<string, unknown>;
        headers = this.req.headers;
        return completionOf(answerOf());
      },
      json,
    );
    expect(await ask()).toEqual({ ok: true, json: answerOf(), usage: { input: 900, output: 120 } });
    expect(body).toEqual({
      model: 'small',
      temperature: 0,
      seed: expect.any(Number),
      messages: [
        { role: 'system', content: 'Read it.' },
        { role: 'user', content: TEXT },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'runbook', strict: true, schema: expect.objectContaining({ type: 'object' }) },
      },
    });
    expect(String(headers.authorization)).toBe(`Bearer ${KEY}`);
    expect(logged).toEqual([]);
  });

  test('is given a schema that strict endpoints take: every object closed, every property required', async () => {
    let sent: unknown;
    post().reply(200, (_, given) => {
      sent = (given as { response_format: { json_schema: { schema: unknown } } }).response_format.json_schema
        .schema;
      return completionOf(answerOf());
    });
    await ask();
    const objects: Record<string, unknown>[] = [];
    JSON.stringify(sent, (_, value: unknown) => {
      if (value && typeof value === 'object' && 'properties' in value) objects.push({ ...value });
      return value;
    });
    expect(objects.length).toBeGreaterThan(1);
    for (const { additionalProperties, required, properties } of objects) {
      expect(additionalProperties).toBe(false);
      expect(required).toEqual(Object.keys(properties as object));
    }
    expect(JSON.stringify(sent)).not.toContain('"default"');
  });

  const html = '<html><body>502 Bad Gateway</body></html>';
  test.each([
    [
      'turned away',
      429,
      error({ type: 'requests', code: 'rate_limit_exceeded' }),
      { 'retry-after': '7' },
      { why: 'limited', waitMs: 7_000 },
    ],
    ['turned away without a time', 429, error({ code: 'insufficient_quota' }), {}, { why: 'limited' }],
    [
      'turned away until a date',
      429,
      error({}),
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' },
      { why: 'limited' },
    ],
    [
      'asked with a parameter it does not know',
      400,
      error({ code: 'unsupported_parameter', param: 'seed' }),
      {},
      { why: 'down' },
    ],
    ['asked with a wrong key', 401, error({ code: 'invalid_api_key' }), {}, { why: 'down' }],
    ['not there', 404, error({ code: 'model_not_found' }), {}, { why: 'down' }],
    ['broken', 500, error({ type: 'server_error' }), {}, { why: 'down' }],
    ['overloaded', 503, html, { 'content-type': 'text/html' }, { why: 'down' }],
    ['given more than it can read', 400, error({ code: 'context_length_exceeded' }), {}, { why: 'refused' }],
    ['given more than it takes', 413, '', {}, { why: 'refused' }],
    ['kept by a filter from reading', 400, error({ code: 'content_filter' }), {}, { why: 'refused' }],
    ['hidden behind a page', 200, html, { 'content-type': 'text/html' }, { why: 'rubbish' }],
    [
      'answering half a body',
      200,
      JSON.stringify(completionOf(answerOf())).slice(0, 200),
      json,
      { why: 'rubbish' },
    ],
    ['answering nothing', 200, '', json, { why: 'rubbish' }],
    ['answering null', 200, 'null', json, { why: 'rubbish' }],
    ['answering without a choice', 200, { ...completionOf(''), choices: [] }, json, { why: 'rubbish' }],
    [
      'cut off at its longest answer',
      200,
      completionOf('{"title":', { finish_reason: 'length' }),
      json,
      { why: 'rubbish' },
    ],
    ['calling a tool', 200, completionOf('', { finish_reason: 'tool_calls' }), json, { why: 'rubbish' }],
    [
      'refusing',
      200,
      completionOf('', { message: { content: null, refusal: "I'm sorry." } }),
      json,
      { why: 'refused' },
    ],
    ['filtered', 200, completionOf('', { finish_reason: 'content_filter' }), json, { why: 'refused' }],
    ['redirecting elsewhere', 307, '', { location: 'https://elsewhere.example/' }, { why: 'down' }],
  ])('that is %s says so and is not asked again', async (_, status, body, headers, reply) => {
    let requests = 0;
    nock(HOST)
      .persist()
      .post('/v1/chat/completions')
      .reply(() => {
        requests += 1;
        return [status, body, { ...json, ...headers }];
      });
    const elsewhere = nock('https://elsewhere.example').post('/').reply(200, completionOf(answerOf()));
    expect(await ask()).toEqual({ ok: false, ...reply });
    expect(requests).toBe(1);
    expect(elsewhere.isDone()).toBe(false);
  });

  test('that cannot be reached is down', async () => {
    post().replyWithError('connect ECONNREFUSED');
    expect(await ask()).toEqual({ ok: false, why: 'down' });
  });

  test('that is in trouble is named in the log, with the code and nothing else', async () => {
    post().reply(400, error({ code: 'unsupported_parameter', param: 'seed' }), json);
    await ask();
    expect(logged).toMatchObject([{ status: 400, code: 'unsupported_parameter', param: 'seed' }]);
    post().reply(400, error({ code: `${TEXT} ${KEY}` }), json);
    await ask();
    expect(logged).toMatchObject([{ status: 400 }]);
    expect(logged[0]).not.toHaveProperty('code');
  });
});

describe('an endpoint on this machine', () => {
  /** Writes these pieces of a body and then leaves the connection as it is. */
  async function endpoint(pieces: readonly string[], then: 'hang' | 'cut') {
    const begun: (() => void)[] = [];
    const reached = new Promise<void>((resolve) => begun.push(resolve));
    let closed: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = createServer((req, res) => {
      req.socket.on('close', () => closed());
      if (pieces.length > 0) res.writeHead(200, json);
      for (const piece of pieces) res.write(piece);
      for (const begin of begun) begin();
      if (then === 'cut') setImmediate(() => req.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return { url: `http://127.0.0.1:${port}/v1`, reached, left, close };
  }

  test.each([
    ['that never answers', []],
    ['that answers half and hangs', ['{"choices":[']],
  ])('%s is late when its time is over, and the connection is let go', async (_, pieces) => {
    const { url, reached, left, close } = await endpoint(pieces, 'hang');
    const over = new AbortController();
    const reply = ask(over.signal, url);
    await reached;
    over.abort();
    expect(await reply).toEqual({ ok: false, why: 'late' });
    await left;
    await close();
  });

  test('that breaks off is down', async () => {
    const { url, close } = await endpoint(['{"choices":['], 'cut');
    expect(await ask(undefined, url)).toEqual({ ok: false, why: 'down' });
    await close();
  });

  test('that never stops answering is rubbish, and is not read to its end', async () => {
    const { url, left, close } = await endpoint(
      Array.from({ length: 40 }, () => ' '.repeat(100_000)),
      'hang',
    );
    expect(await ask(undefined, url)).toEqual({ ok: false, why: 'rubbish' });
    await left;
    await close();
  });
});

test('nothing of the environment changes whom the model is asked for or what is logged', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    OPENAI_BASE_URL: 'https://elsewhere.example',
    OPENAI_ORG_ID: 'org',
    OPENAI_PROJECT_ID: 'p',
    OPENAI_LOG: 'debug',
  });
  try {
    let headers: Record<string, unknown> = {};
    post().reply(200, function () {
      headers = this.req.headers;
      return completionOf(answerOf());
    });
    expect(await ask()).toMatchObject({ ok: true });
    expect(Object.keys(headers).filter((name) => /organization|project/.test(name))).toEqual([]);
  } finally {
    process.env = before;
  }
});
