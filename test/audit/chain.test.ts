import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { GENESIS, type Link, linkHash } from '../../src/audit/chain.ts';

const LINK: Link = {
  tenant: 'T1',
  stream: 'run-1',
  version: 1,
  type: 'run.started',
  at: 1_700_000_000_000,
  payload: Buffer.from([1, 2, 3]),
  prevHash: GENESIS,
};
const hex = (link: Link) => Buffer.from(linkHash(link)).toString('hex');

describe('the hash of a link', () => {
  test('is the same for the same record, whatever the order of its fields', () => {
    const { tenant, ...rest } = LINK;
    expect(hex({ ...rest, tenant })).toBe(hex(LINK));
    expect(linkHash(LINK)).toHaveLength(32);
  });

  test('is SHA-256 over a frame and the canonical text, so that anybody can compute it', () => {
    const payload = createHash('sha256').update(LINK.payload).digest('hex');
    const text = `{"at":1700000000000,"payload":"${payload}","prev":"${'0'.repeat(64)}","stream":"run-1","tenant":"T1","type":"run.started","version":1}`;
    expect(hex(LINK)).toBe(createHash('sha256').update(`dd0c-run/event/v1\0${text}`).digest('hex'));
  });

  test.each([
    { tenant: 'T2' },
    { stream: 'run-2' },
    { version: 2 },
    { type: 'run.paused' },
    { at: 1_700_000_000_001 },
    { payload: Buffer.from([1, 2, 4]) },
    { payload: Buffer.from([1, 2, 3, 0]) },
    { prevHash: Buffer.alloc(32, 1) },
  ])('differs when the record differs in %o', (change) => {
    expect(hex({ ...LINK, ...change })).not.toBe(hex(LINK));
  });

  test('keeps apart fields whose texts run into each other', () => {
    expect(hex({ ...LINK, tenant: 'T1r', stream: 'un-1' })).not.toBe(hex(LINK));
  });
});
