import { createHash } from 'node:crypto';
import { KNOWLEDGE_SHA256 } from '../generated/knowledge.ts';

/**
 * Raised by hand whenever a verdict may change, by the knowledge base or by the engine. Part of every verdict and of
 * every signed job.
 */
export const RULESET_VERSION = '2026.11.26-1';

/** The knowledge base that this version was given to; a test fails when the knowledge base is another. */
export const VERSIONED_KNOWLEDGE = 'b351fe944812e6c86b473230b714e9a576324348b2c5b2eaa39c2f9b1eb62f61';

/** SHA-256, in lower-case hex, over the version and the compiled knowledge base: equal where verdicts are equal. */
export const RULESET_SHA256 = createHash('sha256')
  .update(`${RULESET_VERSION}\n${KNOWLEDGE_SHA256}`)
  .digest('hex');
