import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { configSchema, readConfig } from '../src/platform/config.ts';

const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');

/** The settings of the file: its name, the value (null when it is commented out), and the comment above. */
const settings = text
  .trim()
  .split('\n\n')
  .slice(1)
  .map((block) => {
    const [comment = '', line = '', ...more] = block.split('\n');
    const [, off, name, value] = /^(# )?([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return { name, value: off ? null : value, comment: comment.replace(/^# /, ''), more };
  });

describe('.env.example', () => {
  test('holds every setting once, in the order of the schema, and nothing more', () => {
    expect(settings.map(({ name }) => name)).toEqual(Object.keys(configSchema.shape));
    expect(settings.flatMap(({ more }) => more)).toEqual([]);
  });

  test.each(Object.entries(configSchema.shape))('says what %s is for, and its default', (name, schema) => {
    const fallback = schema.safeParse(undefined).data;
    const value = fallback === undefined ? null : String(fallback);
    expect(settings.find((setting) => setting.name === name)).toMatchObject({
      comment: schema.description,
      value,
    });
  });

  test('changes nothing when it is copied as it is', () => {
    expect(readConfig(parseEnv(text) as Record<string, string>)).toEqual(readConfig({}));
  });

  test('holds no secret', () => {
    expect(text).not.toMatch(/xoxb-\w|SECRET=\S/);
  });
});
