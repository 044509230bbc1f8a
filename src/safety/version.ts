import { createHash } from 'node:crypto';
import { KNOWLEDGE_SHA256 } from '../generated/knowledge.ts';

/**
 * Raised by hand whenever a verdict may change, by the knowledge base or by the engine. Part of every verdict and of
 * every signed job.
 */
export const RULESET_VERSION = '2026.11.26-4';

/** The knowledge base that this version was given to; a test fails when the knowledge base is another. */
export const VERSIONED_KNOWLEDGE = 'd9779854a486c421c9a8c3dc4861c05422aaed0942532c36efc5264924c8bfd7';

/** SHA-256, in lower-case hex, over the version and the compiled knowledge base: equal where verdicts are equal. */
export const RULESET_SHA256 = createHash('sha256')
  .update(`${RULESET_VERSION}\n${KNOWLEDGE_SHA256}`)
  .digest('hex');
