import { createHash } from 'node:crypto';
import { KNOWLEDGE_SHA256 } from '../generated/knowledge.ts';

/**
 * Raised by hand whenever a verdict may change, by the knowledge base or by the engine. Part of every verdict and of
 * every signed job.
 */
export const RULESET_VERSION = '2026.11.26-6';

/** The knowledge base that this version was given to; a test fails when the knowledge base is another. */
export const VERSIONED_KNOWLEDGE = '5252edb8c094981a6a05b45b84f4d2394da49457f1fd023fc724933220cd2366';

/** SHA-256, in lower-case hex, over the version and the compiled knowledge base: equal where verdicts are equal. */
export const RULESET_SHA256 = createHash('sha256')
  .update(`${RULESET_VERSION}\n${KNOWLEDGE_SHA256}`)
  .digest('hex');
