import { type Language, type Token, words } from './script.ts';

const MODULES =
  words(`json sys datetime math re collections itertools time platform ssl statistics string base64 hashlib uuid
  ipaddress csv textwrap decimal fractions random calendar zoneinfo os os.path socket urllib.parse functools operator struct
  binascii zlib gzip io html yaml ast locale unicodedata getpass pprint glob fnmatch difflib bisect heapq email.utils`);
const BUILTINS = `print len str int float bool list dict set tuple sorted reversed sum min max abs round range enumerate zip map
  filter any all repr ord chr hex oct bin divmod pow isinstance iter next bytes bytearray format frozenset hash ascii slice
  Exception ValueError KeyError IndexError TypeError StopIteration open`;
const KEYWORDS = `import from as for in if else elif not and or is None True False lambda while try except finally pass break
  continue def return yield with assert del raise`;
const MEMBERS =
  words(`loads load dumps stdin stdout stderr read readline readlines readable argv version version_info platform path
  maxsize byteorder executable getsizeof exit flush write split rsplit splitlines strip lstrip rstrip join replace startswith
  endswith find rfind index count upper lower title capitalize casefold zfill ljust rjust center format items keys values get
  setdefault pop append extend insert sort reverse copy now today utcnow utcfromtimestamp fromtimestamp fromisoformat isoformat
  strftime strptime timestamp total_seconds date time datetime timedelta timezone utc tzinfo year month day hour minute second
  microsecond weekday isoweekday days seconds replace astimezone sqrt floor ceil log log2 log10 exp pi e inf nan isnan gcd pow
  fabs hypot mean median stdev pstdev mode variance findall finditer search match fullmatch sub subn compile group groups
  groupdict start end span Counter defaultdict OrderedDict namedtuple deque most_common elements chain islice groupby
  combinations permutations product count cycle accumulate sleep monotonic perf_counter ctime localtime gmtime mktime
  time_ns node machine release processor python_version uname OPENSSL_VERSION ascii_letters digits b64encode b64decode
  urlsafe_b64encode urlsafe_b64decode b16encode b32encode md5 sha1 sha224 sha256 sha384 sha512 blake2b hexdigest digest update
  uuid4 uuid1 UUID ip_address ip_network ip_interface hosts num_addresses netmask network_address broadcast_address
  is_private overlaps subnet_of reader DictReader fieldnames wrap fill dedent Decimal Fraction randint choice uniform monthrange
  isleap ZoneInfo getcwd cpu_count getloadavg getpid getppid getuid getgid listdir stat st_size st_mtime st_mode exists isfile
  isdir islink getsize getmtime basename dirname splitext abspath realpath expanduser sep environ walk scandir is_file is_dir
  name create_connection getaddrinfo gethostname gethostbyname getfqdn settimeout close quote unquote quote_plus unquote_plus
  urlparse urlencode parse_qs parse_qsl urlsplit urlunparse netloc scheme hostname port query fragment reduce partial itemgetter
  unpack calcsize hexlify unhexlify decode encode hex isdigit isalpha isalnum isspace isupper islower crc32 StringIO
  BytesIO getvalue escape unescape getpreferredencoding getuser pprint pformat glob fnmatch filter unified_diff bisect_left
  bisect_right nlargest nsmallest parsedate_to_datetime decompress append real imag numerator denominator as_integer_ratio
  bit_length from_bytes to_bytes fromhex maketrans translate partition rpartition expandtabs difference union intersection
  symmetric_difference issubset issuperset add parse dump getpeername getsockname literal_eval safe_load safe_load_all safe_dump safe_dump_all`);

/** Of `os` only these are reached: some of its words (`replace`) are harmless elsewhere. */
const OS = words(
  'path getcwd cpu_count getloadavg getpid getppid getuid getgid listdir stat sep environ walk scandir uname',
);

/** Python that only computes: no attribute, module or builtin that writes, runs, imports by name or looks inside. */
export const PYTHON: Language = {
  name: 'python',
  tokens: [
    [null, /[ \t\r\n\\]+/y],
    [null, /#[^\n]*/y],
    ['string', /[rbuRBU]{0,2}("""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?''')/y],
    ['string', /[rbufRBUF]{0,2}("(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/y],
    ['number', /(0[xob][\da-fA-F_]+|\d[\d_]*\.?\d*(e[+-]?\d+)?|\.\d+)/y],
    ['name', /[A-Za-z_]\w*/y],
    ['symbol', /(\*\*|\/\/|->|:=|==|!=|<=|>=|<<|>>|[-+*/%=<>!&|^~.,:;()[\]{}])/y],
  ],
  words: new Set([...words(KEYWORDS), ...words(BUILTINS), ...MODULES, 'urllib', 'email', '_', '__name__']),
  members: MEMBERS,
  forbidden:
    words(`eval exec compile __import__ getattr setattr delattr globals locals vars input breakpoint type object super help
    memoryview dir id callable property staticmethod classmethod exit quit __builtins__`),
  divided: () => true,
  access: new Set(['.']),
  locals: [
    /([A-Za-z_][\w, ]*?)\s*[-+*/%|&]?=(?!=)/g,
    /\bfor\s+([\w\s,()]+?)\s+in\b/g,
    /\bas\s+([A-Za-z_]\w*)/g,
    /\blambda\s+([\w\s,]*?):/g,
    /\bdef\s+\w+\(([\w\s,]*)\)/g,
  ],
  functions: [/\bdef\s+([A-Za-z_]\w*)/g, /\bfrom\s+[\w.]+\s+import\s+([\w ,]+)/g],
  refused: /[@`]|__(?!name__)|\bimport\s+[^;\n]*\*|(f|fr|rf)("""|''')/i,
  inside: insidePython,
  allows: allowsPython,
};

/** The expressions of an f-string. */
function insidePython({ kind, text }: Token): readonly string[] | null {
  if (kind !== 'string' || !/^[rbu]*f/i.test(text)) return [];
  const body = text.replace(/^\w*/, '').slice(1, -1).replaceAll('{{', '').replaceAll('}}', '');
  const parts = [...body.matchAll(/\{([^{}'"\\]*?)(![rsa])?(:[^{}]*)?\}/g)].map((match) => match[1] ?? '');
  return (body.match(/[{}]/g)?.length ?? 0) === parts.length * 2 ? parts : null;
}

/** Modules are of the list, files are only opened for reading, and words are imported only when they are members. */
function allowsPython(tokens: readonly Token[], at: number): boolean {
  const texts = tokens.slice(at, at + 8).map((token) => token.text);
  const [word, next] = texts;
  const isMember = tokens[at - 1]?.text === '.';
  if (word === 'os' && !isMember && !isImported(tokens, at)) {
    const member = tokens[at + 2]?.text;
    if (next !== '.' || member === undefined || !OS.has(member)) return false;
  }
  // The other ways of yaml to read may build any object.
  if (
    word === 'yaml' &&
    !isMember &&
    !(tokens[at - 1]?.text !== 'from' && isImported(tokens, at) && next !== 'as')
  )
    if (next !== '.' || !/^safe_/.test(tokens[at + 2]?.text ?? '')) return false;
  if (word === 'open' && !isMember)
    return /^\( ?('[^']*'|"[^"]*"|\w+|sys \. argv \[ \d+ \]) (\)|, ('r[bt]?'|"r[bt]?") \))/.test(
      texts.slice(1).join(' '),
    );
  if (word === 'import') {
    const from = tokens.slice(Math.max(0, at - 4), at).map(({ text }) => text);
    const start = from.lastIndexOf('from');
    const list = listed(tokens.slice(at + 1));
    return start >= 0
      ? MODULES.has(from.slice(start + 1).join('')) &&
          list.every((name) =>
            (from[start + 1] === 'os' && from.length - start === 2 ? OS : MEMBERS).has(name),
          )
      : list.every((name) => MODULES.has(name)) &&
          !/\bos as\b/.test(tokens.map(({ text }) => text).join(' '));
  }
  return !(word === 'from' && next !== undefined && !/^\w+$/.test(next));
}

/** True for a name in the list after `import`, or after `from`. */
function isImported(tokens: readonly Token[], at: number): boolean {
  let start = at - 1;
  while (tokens[start]?.text === ',' && tokens[start - 1]?.kind === 'name') start -= 2;
  return /^(import|from)$/.test(tokens[start]?.text ?? '');
}

/** `a, b.c as d` → `a`, `b.c`; what follows on the next line is not part of it. */
function listed(tokens: readonly Token[]): readonly string[] {
  const names: string[] = [];
  let at = 0;
  do {
    const from = at;
    while (tokens[at]?.kind === 'name' && tokens[at + 1]?.text === '.') at += 2;
    at += 1;
    names.push(
      tokens
        .slice(from, at)
        .map(({ text }) => text)
        .join(''),
    );
    if (tokens[at]?.text === 'as') at += 2;
  } while (tokens[at++]?.text === ',');
  return names;
}
