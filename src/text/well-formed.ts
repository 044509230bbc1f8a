/**
 * The text with every lone surrogate as U+FFFD, one unit for one, so that offsets stay: what UTF-8 makes of it, and what
 * can be recorded.
 */
export const wellFormed = (text: string): string => text.replaceAll(/\p{Cs}/gu, '\ufffd');
