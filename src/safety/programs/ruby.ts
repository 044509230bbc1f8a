import { type Language, type Token, words } from './script.ts';

const WORDS =
  words(`puts print p pp require if unless else elsif end while until for in do then and or not nil true false begin rescue
  ensure next break return case when lambda proc loop printf sprintf format Integer Float String Array Hash JSON YAML Time Date
  DateTime Math STDIN STDOUT STDERR ARGF ARGV ENV File Dir Set Digest Base64 URI Comparable Struct RUBY_VERSION RUBY_PLATFORM
  RUBY_ENGINE RUBY_PATCHLEVEL Rational Complex SecureRandom gets BEGIN END`);
const MEMBERS =
  words(`puts print read readlines each_line each_with_index each_with_object each each_slice each_cons map flat_map
  select reject filter find detect reduce inject sum min max min_by max_by sort sort_by group_by partition uniq tally zip first last
  take drop take_while drop_while count size length empty? include? key? has_key? keys values to_a to_h to_s to_i to_f to_sym
  inspect join split strip lstrip rstrip chomp chop upcase downcase capitalize gsub sub tr match match? scan start_with? end_with?
  index slice reverse rotate flatten compact push pop shift unshift insert concat fetch dig merge transform_values
  transform_keys each_pair each_key each_value any? all? none? nil? zero? positive? negative? even? odd? abs round floor ceil
  divmod pow parse generate pretty_generate now at utc localtime strftime iso8601 year month day hour minute sec to_time today
  sqrt log hexdigest encode64 decode64 strict_encode64 strict_decode64 exist? file? directory? basename dirname extname expand_path
  mtime glob entries host port path scheme ljust rjust center bytes chars lines hex ord chr times upto downto step new safe_load
  max_by cycle succ freeze dup then tap lazy force filter_map sum digits gcd lcm between? clamp`);

/** Ruby that only computes and prints; methods are only called by their names. */
export const RUBY: Language = {
  name: 'ruby',
  tokens: [
    [null, /\s+/y],
    [null, /#[^\n]*/y],
    ['string', /"(?:[^"\\]|\\[^xu])*"|'(?:[^'\\]|\\[\s\S])*'/y],
    ['string', /%w\[[^[\]]*\]|%w\([^()]*\)/y],
    ['regex', /\/(?:[^/\\\n]|\\.)+\/[imxo]*(?![a-z])/y],
    ['number', /0x[\da-f]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?/iy],
    ['variable', /\$(?:[A-Za-z_]\w*|[_.0-9~<,/;])|@\w+/y],
    ['name', /[A-Za-z_]\w*[?!]?/y],
    ['symbol', /&\.|=>|->|::|===|==|!=|<=>|<=|>=|<<|&&|\|\||\*\*|=~|!~|\.\.\.?|[-+*/%.=<>!?:,;()[\]{}|&]/y],
  ],
  words: WORDS,
  members: MEMBERS,
  forbidden:
    words(`system exec eval instance_eval class_eval send public_send __send__ open fork spawn syscall load require_relative
    method define_method const_get binding Kernel IO Process Object Class Module ObjectSpace Open3 FileUtils Marshal trap at_exit
    self`),
  divided: ({ kind, text }, isLocal) =>
    kind !== 'name' && kind !== 'symbol' ? true : /^[)\]]$/.test(text) || isLocal,
  access: new Set(['.', '&.', '::', ':']),
  locals: [
    /\|([\w\s,()*]+)\|/g,
    /([a-z_]\w*(?:\s*,\s*[a-z_]\w*)*)\s*[-+*/|&]*=(?![=~])/g,
    /\bfor\s+([\w\s,]+?)\s+in\b/g,
  ],
  functions: [],
  refused: /`|<<[-~"'A-Za-z_]|\\[xu]|\?["'/#]|^=begin/m,
  inside: insideRuby,
  allows: allowsRuby,
};

function insideRuby({ kind, text }: Token): readonly string[] | null {
  if ((kind !== 'string' || !text.startsWith('"')) && kind !== 'regex') return [];
  const parts = [...text.matchAll(/#\{([^{}"]*)\}/g)].map((match) => match[1] ?? '');
  return (text.match(/#\{/g)?.length ?? 0) === parts.length ? parts : null;
}

const LIBRARIES = words('json yaml time date set digest base64 uri bigdecimal securerandom csv');

/** Only libraries of the list are loaded; a sign before a name is a plain symbol, label or choice. */
function allowsRuby(tokens: readonly Token[], at: number): boolean {
  const [token, next, after] = tokens.slice(at, at + 3);
  if (token?.text === 'require') {
    const named = next?.text === '(' ? after : next;
    return named?.kind === 'string' && LIBRARIES.has(named.text.slice(1, -1));
  }
  const before = tokens[at - 1];
  if (token?.text === '%')
    return (
      before !== undefined && (/^(string|number|variable)$/.test(before.kind) || /^[)\]]$/.test(before.text))
    );
  return !(token?.text === '->' || (token?.text === '&' && next?.text !== ':'));
}
