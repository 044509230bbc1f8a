import { type Language, type Token, words } from './script.ts';

const WORDS =
  words(`print printf say if unless else elsif while until for foreach my our local and or not xor eq ne lt gt le ge cmp x
  sort reverse keys values each exists delete defined split join map grep lc uc lcfirst ucfirst length substr index rindex
  sprintf push pop shift unshift splice scalar wantarray int abs sqrt sin cos atan2 exp log hex oct chr ord localtime gmtime time
  chomp chop undef exit die warn last next redo return BEGIN END STDIN STDOUT STDERR ARGV a b strftime floor ceil sum sum0 min max
  first uniq any all none shuffle reduce mktime timelocal timegm decode_json encode_json to_json from_json JSON::PP JSON JSON::XS
  POSIX List::Util Data::Dumper Dumper Time::Local Time::HiRes quotemeta pos eof pack unpack ref lcfirst sleep
  e f d r w z l M A C`);

/** Perl that only computes and prints: no file is opened, nothing is run or evaluated, and no name is computed. */
export const PERL: Language = {
  name: 'perl',
  tokens: [
    [null, /\s+/y],
    [null, /#[^\n]*/y],
    ['string', /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y],
    ['string', /\bqw\s*(?:\([^()]*\)|\[[^[\]]*\]|\/[^/]*\/|\{[^{}]*\})/y],
    ['regex', /(?:m|qr)?\/(?:[^/\\\n]|\\.)*\/[gimsxonl]*(?![a-z])/y],
    ['regex', /(?:tr|y)\/[^/\\]*\/[^/\\]*\/[cdsr]*(?![a-z])/y],
    ['regex', /s\/(?:[^/\\\n]|\\.)*\/(?:[^/\\\n]|\\.)*\/[gimsxonlr]*(?![a-z])/y],
    ['variable', /[$@%](?:[A-Za-z_]\w*(?:::\w+)*|\d+|[_&])|\$[.,/\\|!@0;"]|\$#\w+/y],
    ['number', /0x[\da-f]+|\d[\d_]*\.?\d*(?:e[+-]?\d+)?/iy],
    ['name', /[A-Za-z_]\w*(?:::\w+)*/y],
    [
      'symbol',
      /<STDIN>|<>|->|=>|=~|!~|\*\*|\+\+|--|&&|\|\||\/\/|\.\.|<=>|==|!=|<=|>=|[-+*/%.=<>!?:,;()[\]{}]/y,
    ],
  ],
  words: WORDS,
  members: words('new pretty canonical encode decode utf8 allow_nonref relaxed'),
  forbidden: words(
    'system exec eval do require use no open fork kill unlink rename qx glob sysopen syscall package sub goto AUTOLOAD',
  ),
  divided: ({ kind, text }) => kind === 'variable' || kind === 'number' || /^[)\]]$/.test(text),
  access: new Set(['->']),
  locals: [],
  functions: [],
  refused:
    /`|\bqx\b|\bq[qr]?\s*[^\w\s=,;)/]|\(\?\??\{|@\{|\$\{|@ARGV|\$ARGV\[|<<|<\$|<[A-Z](?!TDIN>)|\b(s|m|y|tr|q|qr|qw)\s*#|\w'\w|^=\w/m,
  inside: insidePerl,
  allows: allowsPerl,
};

/** Texts and patterns may hold variables and their plain elements, whose brackets hold no code. */
function insidePerl({ kind, text }: Token): readonly string[] | null {
  if (kind === 'string' && (text.startsWith("'") || text.startsWith('qw'))) return [];
  if (kind !== 'string' && kind !== 'regex') return [];
  const bare = text.replace(/\\./gs, '');
  const subscripts = [...bare.matchAll(/[$@]\w+(?:->)?([[{])([^\]}]*)/g)];
  const isPlain = subscripts.every(([, open, inner = '']) =>
    open === '{' && kind === 'regex'
      ? /^\d+(,\d*)?$|^\$?\w+$/.test(inner)
      : /^-?\$?\w+$/.test(inner) || kind === 'regex',
  );
  return isPlain && !(kind === 'regex' && /[$@]\w+\[[^\]]*[(`$]/.test(bare)) ? [] : null;
}

/** An arrow leads to an element or a method of that name, and a star multiplies. */
function allowsPerl(tokens: readonly Token[], at: number): boolean {
  const [token, next] = tokens.slice(at, at + 2);
  const before = tokens[at - 1];
  if (token?.text === '->') return next !== undefined && (next.kind === 'name' || /^[[{]$/.test(next.text));
  if (token?.text !== '*') return true;
  return before !== undefined && (/^(variable|number)$/.test(before.kind) || /^[)\]]$/.test(before.text));
}
