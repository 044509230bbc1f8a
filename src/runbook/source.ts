/** The largest text that is read, in UTF-8 bytes (design: 256 KB a paste). */
export const MAX_SOURCE_UNITS = 256 * 1024;

export type SourceCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'empty' | 'too-large'; readonly sentence: string };

/** Says whether a pasted text may be read at all: it has something in it and is at most `MAX_SOURCE_UNITS` bytes. */
export function checkSource(text: string): SourceCheck {
  if (text.trim() === '') {
    return {
      ok: false,
      code: 'empty',
      sentence: 'There is no text to read. Paste the runbook and try again.',
    };
  }
  if (text.length > MAX_SOURCE_UNITS || new TextEncoder().encode(text).length > MAX_SOURCE_UNITS) {
    return {
      ok: false,
      code: 'too-large',
      sentence: 'The text is longer than 256 KB, so it was not read. Split the runbook and paste one part.',
    };
  }
  return { ok: true };
}
