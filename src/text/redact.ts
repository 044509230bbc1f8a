const MASK = '[redacted]';

interface Rule {
  readonly pattern: RegExp;
  readonly replace: string;
}

/** A value up to the next blank or quote, or a whole quoted one. A reference such as `$TOKEN` is not a value. */
const VALUE = String.raw`(?!\$[A-Za-z{(]|\[redacted\])(?:"[^"\n]{1,4096}"|'[^'\n]{1,4096}'|[^\s"'&;,|<>()]{1,4096})`;
const SECRET_WORD = `(?:pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|(?:access[_-]?|auth[_-]?|api[_-]?)?token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|credentials?)`;

/**
 * What a secret looks like. Shapes are the issuers' published ones: AWS key ids (AKIA, ASIA + 16), GitHub
 * (`ghp_` and relatives), GitLab (`glpat-`), Slack (`xox?-`, `xapp-`, webhook URLs), Google (`AIza`),
 * Stripe (`sk_live_`), JSON Web Tokens, PEM private keys, HTTP authorisation headers, URLs with a password.
 */
const RULES: readonly Rule[] = [
  {
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S])*-----END [A-Z0-9 ]{0,60}-----/g,
    replace: MASK,
  },
  {
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\s{0,8}[A-Za-z0-9+/=]{40,})*/g,
    replace: MASK,
  },
  {
    pattern:
      /\b((?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token|digest|apikey)\s{1,4})[^\s"',;]{1,8192}/gi,
    replace: `$1${MASK}`,
  },
  { pattern: /\b((?:bearer|basic)\s{1,4})[A-Za-z0-9+/_.~-]{16,8192}={0,2}/gi, replace: `$1${MASK}` },
  { pattern: /\b(https:\/\/hooks\.slack\.com\/(?:services|workflows)\/)[\w/]{8,200}/g, replace: `$1${MASK}` },
  {
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"']{0,200}:)[^\s/@"']{1,500}(?=@)/gi,
    replace: `$1${MASK}`,
  },
  { pattern: /\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,2048}/g, replace: MASK },
  { pattern: /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, replace: MASK },
  { pattern: /\bxox[a-z]-[\w-]{8,300}|\bxapp-[\w-]{8,300}/g, replace: MASK },
  { pattern: /\bgh[pousr]_\w{20,300}|\bgithub_pat_\w{20,300}|\bglpat-[\w-]{16,300}/g, replace: MASK },
  { pattern: /\bAIza[\w-]{35}|\b[rs]k_live_\w{16,300}|\bnpm_\w{30,300}|\bhf_\w{30,300}/g, replace: MASK },
  {
    pattern: new RegExp(String.raw`(${SECRET_WORD}["']?[ \t]{0,4}[=:][ \t]{0,4})${VALUE}`, 'gi'),
    replace: `$1${MASK}`,
  },
  {
    pattern: new RegExp(String.raw`(--?(?:[a-z]{1,20}-){0,3}${SECRET_WORD}[ \t]{1,4})(?!-)${VALUE}`, 'gi'),
    replace: `$1${MASK}`,
  },
];

/**
 * The text with secrets masked as `[redacted]`. Only the value goes; the name, the header and the rest of the line
 * stay readable. Masking is best effort for display and logs: it is no licence to send secrets anywhere.
 */
export function redact(text: string): string {
  return RULES.reduce((masked, rule) => masked.replace(rule.pattern, rule.replace), text);
}
