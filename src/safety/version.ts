import { createHash } from 'node:crypto';
import { KNOWLEDGE_SHA256 } from '../generated/knowledge.ts';

/**
 * Raised by hand whenever a verdict may change, by the knowledge base or by the engine. Part of every verdict and of
 * every signed job.
 */
export const RULESET_VERSION = '2026.11.26-3';

/** The knowledge base that this version was given to; a test fails when the knowledge base is another. */
export const VERSIONED_KNOWLEDGE = '9503da8ba9280a63adbc3beae924747fbf272a49ba138adfadd60051953f5f94';

/** SHA-256, in lower-case hex, over the version and the compiled knowledge base: equal where verdicts are equal. */
export const RULESET_SHA256 = createHash('sha256')
  .update(`${RULESET_VERSION}\n${KNOWLEDGE_SHA256}`)
  .digest('hex');
