import { finding, type ProgramFinding } from './finding.ts';
import { judgeScript, type Language, type Token, words } from './script.ts';

const WORDS =
  words(`const let var function return if else for while do of in new typeof instanceof void null undefined true false
  NaN Infinity break continue switch case default try catch finally throw console process JSON Object Array String Number Boolean
  Date Math RegExp Map Set parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent Error Intl BigInt Buffer
  require __dirname __filename`);
const MEMBERS =
  words(`log error warn info table parse stringify keys values entries fromEntries assign freeze isArray from of length
  map filter reduce forEach some every find findIndex includes indexOf lastIndexOf join slice splice concat flat flatMap sort
  reverse push pop shift unshift fill at toString toFixed toPrecision toUpperCase toLowerCase trim trimStart trimEnd split match
  matchAll replace replaceAll test exec startsWith endsWith padStart padEnd repeat charAt charCodeAt codePointAt substring
  localeCompare version versions v8 node arch platform pid ppid uptime memoryUsage cpuUsage rss heapUsed heapTotal external
  execPath cwd hrtime bigint argv env stdin stdout release title readFileSync existsSync statSync readdirSync size mtime mtimeMs
  isFile isDirectory basename dirname extname resolve relative normalize sep EOL hostname cpus totalmem freemem loadavg type
  userInfo networkInterfaces now toISOString toJSON getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds
  toLocaleString toLocaleDateString toLocaleTimeString floor ceil round abs min max sqrt pow random PI trunc sign log2 log10 has
  get set add byteLength isInteger isSafeInteger MAX_SAFE_INTEGER fromCharCode inspect name dependencies devDependencies scripts
  engines main status message data items id state result count`);
const MODULES = words('fs path os util url');
const FORBIDDEN =
  words(`constructor prototype __proto__ eval Function globalThis global window self this import arguments mainModule
  binding dlopen Reflect Proxy Symbol WebAssembly module exports with async await yield class super setTimeout setInterval
  setImmediate queueMicrotask fetch Worker child_process vm __defineGetter__ __lookupGetter__ caller callee`);

const base: Omit<Language, 'name' | 'words' | 'members'> = {
  tokens: [
    [null, /\s+/y],
    [null, /\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
    ['string', /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`(?:[^`\\]|\\[\s\S])*`/y],
    ['regex', /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[gimsuy]*/y],
    ['number', /0x[\da-f]+n?|\d[\d_]*\.?\d*(?:e[+-]?\d+)?n?|\.\d+/iy],
    ['name', /[A-Za-z_$][\w$]*/y],
    ['symbol', /\?\.|=>|\.\.\.|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\+\+|--|\*\*|[-+*/%=<>!&|^~?:.,;()[\]{}]/y],
  ],
  forbidden: FORBIDDEN,
  divided: ({ kind, text }, isLocal) => kind === 'number' || text === ']' || isLocal,
  access: new Set(['.', '?.']),
  locals: [
    /\b(?:const|let|var)\s+([\w$\s,[\]{}:]+?)\s*(?:=|\bof\b|\bin\b|;|$)/g,
    /\(([\w$\s,[\]{}:]*)\)\s*=>/g,
    /([A-Za-z_$][\w$]*)\s*=>/g,
    /\bfunction\s*\w*\s*\(([\w$\s,]*)\)/g,
    /\bcatch\s*\((\w+)\)/g,
    /([A-Za-z_$][\w$]*)\s*(?::|=(?!=|>))/g,
  ],
  functions: [/\bfunction\s+([A-Za-z_$][\w$]*)/g],
  refused: /#!|<!--|-->|\\[ux\d]/,
  inside: insideJavascript,
  allows: allowsJavascript,
};

/** JavaScript that only computes, prints and reads files. */
export const JAVASCRIPT: Language = { ...base, name: 'javascript', words: WORDS, members: MEMBERS };

/** The expressions of a template; null when they hold brackets of their own. */
function insideJavascript({ kind, text }: Token): readonly string[] | null {
  if (kind !== 'string' || !text.startsWith('`')) return [];
  const parts = [...text.matchAll(/\$\{([^{}`]*)\}/g)].map((match) => match[1] ?? '');
  return (text.match(/\$\{/g)?.length ?? 0) === parts.length ? parts : null;
}

/** Elements are chosen by plain numbers and texts, modules by name; no text spells a forbidden word. */
function allowsJavascript(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const before = tokens[at - 1];
  const [next, after] = tokens.slice(at + 1, at + 3);
  if (token?.text === ']' && next?.text === ':') return false;
  if (token?.kind === 'string') return !FORBIDDEN.has(token.text.slice(1, -1));
  if (token?.text === 'require')
    return next?.text === '(' && MODULES.has(after?.text.slice(1, -1).replace(/^node:/, '') ?? '');
  const chooses =
    token?.text === '[' && before !== undefined && (/^[)\]]$/.test(before.text) || before.kind === 'name');
  if (!chooses || /^(return|of|in|case|typeof|const|let|var)$/.test(before.text)) return true;
  return (next?.kind === 'number' || next?.kind === 'string') && after?.text === ']';
}

const MONGO_READS =
  words(`find findOne count countDocuments estimatedDocumentCount distinct getIndexes getIndices stats dataSize
  storageSize totalSize totalIndexSize validate explain limit sort skip projection toArray forEach pretty size hint map itcount
  hasNext next batchSize maxTimeMS comment collation aggregate getName getMongo serverStatus currentOp version hostInfo
  getCollectionNames getCollectionInfos getSiblingDB getCollection getProfilingStatus getProfilingLevel getReplicationInfo
  printReplicationInfo printSecondaryReplicationInfo printSlaveReplicationInfo isMaster hello getUsers getUser getRoles
  listCommands getLogComponents serverBuildInfo connectionStatus status conf config printShardingStatus getBalancerState
  isBalancerRunning getShardDistribution latencyStats getLastError getDBNames getDBs readPref
  setReadPref sh rs`);
const MONGO_CHANGES =
  /^(insert|insertOne|insertMany|update|updateOne|updateMany|replaceOne|findAndModify|findOneAnd(Update|Replace)|bulkWrite|createIndex|createIndexes|ensureIndex|createCollection|createUser|createView|renameCollection|reIndex|save|set\w+|enable\w+|start\w+|stop\w+|killOp|killSession|stepDown|freeze|reconfig|add\w*|compact|moveChunk|split\w*|grantRolesToUser|updateUser|logout|auth|copyTo)$/;
const COMMANDS_READ =
  /^(ping|serverStatus|replSetGetStatus|replSetGetConfig|currentOp|listDatabases|listCollections|listIndexes|buildInfo|hostInfo|getParameter|dbStats|collStats|hello|isMaster|connPoolStats|getCmdLineOpts|getLog|top|connectionStatus|find|count|distinct|usersInfo|rolesInfo|balancerStatus|listShards|dbHash|lockInfo|features|getShardMap|getDefaultRWConcern)$/;

/** The language of the MongoDB shell, where collections have any name and only these methods are called. */
function mongo(isCalled: (name: string) => boolean): Language {
  return {
    ...base,
    name: 'mongo',
    words: new Set([
      ...WORDS,
      ...words('db rs sh print printjson ObjectId ISODate NumberLong NumberInt Timestamp'),
    ]),
    members: { has: (name) => !FORBIDDEN.has(name) },
    allows: (tokens, at) => {
      const [token, next, brace, command] = tokens.slice(at, at + 4).map(({ text }) => text);
      const isMethod = tokens[at]?.kind === 'name' && tokens[at - 1]?.text === '.' && next === '(';
      if (!isMethod || token === undefined) return allowsJavascript(tokens, at);
      if (/^(admin|run)Command$/.test(token))
        return COMMANDS_READ.test((brace === '{' ? command : brace)?.replace(/^["']|["']$/g, '') ?? '');
      return isCalled(token);
    },
  };
}

const READING = mongo((name) => MONGO_READS.has(name) || MEMBERS.has(name));
const CHANGING = mongo((name) => MONGO_READS.has(name) || MEMBERS.has(name) || MONGO_CHANGES.test(name));

/** Judges a text for the MongoDB shell: queries that only read, changes, and everything else. */
export function judgeMongo(text: string): readonly ProgramFinding[] {
  if (
    /^\s*(show (dbs|databases|collections|users|roles|profile|logs?( \w+)?)|use \w+|help|db)\s*;?\s*$/.test(
      text,
    )
  )
    return [finding('mongo.read', 'safe', 'This only shows something.')];
  if (/\$(where|function|accumulator|out|merge)\b|mapReduce|\b(parse|fromEntries|fromCharCode)\b/.test(text))
    return [finding('mongo.code', 'danger', 'This query runs code or writes its result.')];
  if (
    /\b(updateMany|update)\s*\(\s*(\{\s*\}|null|\))/.test(text) ||
    /\b(delete(One|Many)|remove)\b["']?\s*:/.test(text)
  )
    return [finding('mongo.every', 'danger', 'This changes every document, or removes some.')];
  if (
    /\brenameCollection\s*\([^)]*,\s*(?!false\b)[^\s)]/.test(text) ||
    /\bdropTarget["']?\s*:\s*(?!false\b)/.test(text)
  )
    return [finding('mongo.drop', 'danger', 'This drops the collection whose name it takes.')];
  if (/\b(repair|fixMultikey)\b["']?\s*:/.test(text))
    return [finding('mongo.change', 'caution', 'This may repair a collection.')];
  const read = judgeScript(text, READING, []);
  if (read[0]?.risk !== 'danger') return read;
  return judgeScript(text, CHANGING, [])[0]?.risk === 'danger'
    ? [
        finding(
          'mongo.unknown',
          'danger',
          'What this does to the database is not known, or it removes something.',
        ),
      ]
    : [finding('mongo.change', 'caution', 'This changes data or settings of the database.')];
}
