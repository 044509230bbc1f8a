/** The word that a value stands in: what reads it, the word before, and what of its own stands around the value. */
export interface ReadWord {
  readonly program: string;
  readonly option: string;
  readonly before: string;
  readonly after: string;
}

/** Where a value means more to a program than its text. What is left out of a row fits everything. */
interface Reading {
  readonly program?: RegExp;
  /** The word before. */
  readonly option?: RegExp;
  /** The beginning of its own word. */
  readonly before?: RegExp;
  /** The rest of its word. */
  readonly after?: RegExp;
  /** The name of the input, in snake case. */
  readonly name?: RegExp;
  readonly value: RegExp;
  readonly says: string;
}

const NEGATIVE = 'must not be negative.';
const OPTION = 'begins with "+", which that program reads as an option.';
const SETS = 'holds "=", which would set a variable or an option.';
const LISTS = 'would add an entry to the list it stands in.';
const FOLDER = 'names the folder itself, not something in it.';
const ELSEWHERE = 'names a file or a host to be read in its place.';
const STARTS = 'would choose a program that is started. Write its name in the runbook.';
const WIDE = 'may match more than one thing that somebody meant.';

/** From the manuals of these programs; the first row that fits counts. */
const READINGS: readonly Reading[] = [
  {
    before: /^$/,
    name: /^(?!.*(message|msg|text|note|reason|pattern|regexp?)$)/,
    value: /^[^\p{L}\p{N}/*]+$/u,
    says: 'holds no letter or digit.',
  },
  {
    program: /^(dig|kdig|delv|vim?|view|ex|less|more|nano|emacs)$/,
    before: /^$/,
    value: /^\+/,
    says: OPTION,
  },
  { program: /^(tail|sort)$/, option: /^(?!-)/, before: /^$/, value: /^\+/, says: OPTION },
  { program: /^git$/, before: /^$/, value: /^[+:]/, says: 'would overwrite or delete another branch.' },
  {
    program: /^git$/,
    before: /^$/,
    name: /(^|_)branch$/,
    value: /:/,
    says: 'would overwrite or delete another branch.',
  },
  { value: /^(fileb?:\/|(ext|fd)::)/, says: ELSEWHERE },
  { program: /^g?make$/, before: /^$/, value: /=/, says: SETS },
  {
    program: /^psql$/,
    before: /^$/,
    name: /^(?!.*(conn|conninfo|connection|connection_string|dsn|uri|url)$)/,
    value: /=/,
    says: SETS,
  },
  {
    before: /^--?(use-compress-program|to-command|checkpoint-action|rsh|rsync-path)=$/,
    value: /./,
    says: STARTS,
  },
  {
    program: /^tar$/,
    option: /^(-I|--use-compress-program|--to-command|--checkpoint-action)$/,
    value: /./,
    says: STARTS,
  },
  { program: /^rsync$/, option: /^(-e|--rsh|--rsync-path)$/, value: /./, says: STARTS },
  { program: /^env$/, option: /^-S$/, value: /./, says: STARTS },
  {
    program: /^git$/,
    option: /^-c$/,
    before: /^$|(pager|editor|command|helper|program)=$/i,
    value: /./,
    says: STARTS,
  },
  { program: /^(ssh|scp|sftp)$/, option: /^-o$/, before: /^$/, value: /command|^match/i, says: STARTS },
  { program: /^mount$/, before: /,$/, value: /,/, says: LISTS },
  { program: /^find$/, name: /(^|_)pattern$/, value: /^[*?]+$/, says: WIDE },
  {
    name: /(^|_)(db|dbname|database)$/,
    value: /=|:\/\//,
    says: 'must be the name of a database, not a connection.',
  },
  { program: /^kill$/, before: /^$/, value: /^0+$/, says: 'would signal every process of a group.' },
  { name: /(^|_)pid$/, value: /^(0+$|-)/, says: 'would signal every process of a group.' },
  { name: /(^|_)(replicas|port)$/, value: /^-/, says: NEGATIVE },
  { before: /^--?replicas=$/, value: /^-/, says: NEGATIVE },
  { name: /(^|_)fd$/, value: /\D/, says: 'must be a whole number.' },
  { program: /^(pkill|pgrep|killall)$/, value: /[*?|^$\\[\](){}]|^.$/, says: WIDE },
  { program: /^systemctl$/, value: /[*?[\]]/, says: WIDE },
  {
    program: /^(kubectl|oc)$/,
    before:
      /^(deploy(ment)?s?|sts|statefulsets?|ds|daemonsets?|po|pods?|svc|services?|jobs?|cj|cronjobs?|nodes?|rs|replicasets?|pvc?|cm|configmaps?|secrets?|ingress(es)?|hpa)(\.[a-z0-9.]+)?\/$/,
    value: /[^a-z0-9.-]/,
    says: 'must be a Kubernetes name: lower-case letters, digits, dots and hyphens.',
  },
  {
    program: /^(tar|scp|rsync)$/,
    before: /^$/,
    name: /(^|_)(file|filename|path|dir|archive)$/,
    value: /^[^/]*:/,
    says: ELSEWHERE,
  },
  { program: /^curl$/, option: /^--data-urlencode$/, before: /^[^=]*$/, value: /^[^=]*@/, says: ELSEWHERE },
  { program: /^curl$/, option: /^(-F|--form)$/, before: /=/, value: /^[<@]|;/, says: ELSEWHERE },
  {
    program: /^curl$/,
    option: /^(-d|--data|--data-ascii|--data-binary|--data-raw)$/,
    before: /(^|&)[^&={]+=[^&]*$/,
    value: /&/,
    says: LISTS,
  },
  { program: /^ansible(-playbook|-console)?$/, before: /=[^\s]*$/, value: /\s/, says: LISTS },
  { program: /^helm$/, option: /^--set(-string|-json|-file)?$/, before: /=/, value: /[,{}]/, says: LISTS },
  { program: /^helm$/, before: /^--set(-string|-json|-file)?=.*=/, value: /[,{}]/, says: LISTS },
  { before: /=[^=]*,[\w.-]+=$/, value: /,/, says: LISTS },
  {
    before: /=$/,
    name: /^(?!.*(selector|labels|query|filter|expression|expr|condition)$)/,
    value: /,[\w.-]+=/,
    says: LISTS,
  },
  {
    program: /^(rm|rmdir|shred|mv|chown|chgrp|chmod|chattr|setfacl|truncate)$/,
    value: /^[./]+$/,
    says: FOLDER,
  },
  { before: /\/$/, value: /^[./]+$/, says: FOLDER },
  {
    program: /^(kubectl|oc)$/,
    option: /^(-l|--selector|--field-selector)$/,
    before: /=$/,
    value: /[,=!()\s]/,
    says: LISTS,
  },
  {
    program: /^(kubectl|oc)$/,
    option: /^(-l|--selector|--field-selector)$/,
    before: /\([^)]*$/,
    value: /[=!()]/,
    says: LISTS,
  },
  { program: /^(kubectl|oc)$/, before: /custom-columns=./, value: /[,:]/, says: LISTS },
  { before: /^(-l|--(field-)?selector=).*=$/, value: /[,=!()\s]/, says: LISTS },
  {
    before: /\{[^}]*$/,
    option: /^(-o|--output|--template|-f|--format)$/,
    value: /["'{}()[\],|\s]/,
    says: 'would change more of the template than its place.',
  },
  {
    before: /^(-o|--output=?|--template=|--format=).*\{[^}]*$/,
    value: /["'{}()[\],|\s]/,
    says: 'would change more of the template than its place.',
  },
  { program: /^(docker|podman|nerdctl)$/, option: /^(-v|--volume)$/, after: /^:/, value: /:/, says: LISTS },
  { program: /^(docker|podman|nerdctl)$/, before: /^(-v|--volume=)/, after: /^:/, value: /:/, says: LISTS },
  { program: /^redis-cli$/, name: /^(?!.*(pattern|glob|match)$)/, value: /[*?]/, says: WIDE },
  {
    program: /^([efz]?grep|rg|ag)$/,
    before: /\([^)]*$/,
    name: /^(?!.*(pattern|regexp?)$)/,
    value: /[()|]/,
    says: WIDE,
  },
  {
    program: /^(gcloud|aws|az|bq)$/,
    before: /[=<>:~]\s*$/,
    name: /^(?!.*(message|msg|text|note|reason|description|query|filter|expression)$)/,
    value: /\s(and|or|not)\s|[<>()]/i,
    says: 'would add a condition.',
  },
  { program: /^ansible/, option: /^(-l|--limit)$/, name: /host$/, value: /[:,!&]/, says: LISTS },
  { program: /^ansible/, before: /^--limit=$/, name: /host$/, value: /[:,!&]/, says: LISTS },
  { program: /^openssl$/, before: /\/\w+=[^/]*$/, value: /\/|\+\w+=/, says: LISTS },
  { before: /^https?:\/\/[^?]*\/$/, value: /^(\*|_all)$/, says: WIDE },
  {
    before: /^https?:\/\/[^?]*\/$/,
    name: /(^|_)(index|id|name|topic|queue|table|db|database)$/,
    value: /,/,
    says: LISTS,
  },
];

/** Says what a value would mean to the program that reads it, as the end of "The value of x …", or null. */
export function refuseReading(
  name: string,
  value: string,
  { program, option, before, after }: ReadWord,
): string | null {
  if (before === '' && after.startsWith('=') && SETTERS.test(program || option))
    return 'would choose the variable that is set. Write its name in the runbook.';
  const fits = (pattern: RegExp | undefined, text: string): boolean => pattern?.test(text) ?? true;
  const found = READINGS.find(
    (row) =>
      fits(row.program, program) &&
      fits(row.option, option) &&
      fits(row.before, before) &&
      fits(row.after, after) &&
      fits(row.name, name) &&
      row.value.test(value),
  );
  return found?.says ?? null;
}

const SETTERS = /^(env|sudo|export|declare|typeset|local|readonly|alias)$/;
