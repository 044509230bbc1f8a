import { normal, pathsOf } from './directory.ts';
import type { Arg, Finding, Invocation, Redirect } from './model.ts';
import type { Risk } from './verdict.ts';

const NOWHERE = /^\/dev\/(null|stdout|stderr|stdin|tty|full|zero|fd\/\d*)$/;
const NETWORK = /^\/(dev\/(tcp|udp)|inet[46]?)\//;
const DEVICE = /^\/dev\/(?!shm\/)./;

/** Files whose change gives a way in, or breaks the machine (LABELS rule 4). Read as: any of these at the end of a path. */
const CRITICAL =
  /(^|\/)(etc\/(passwd|shadow|group|gshadow|sudoers|sudoers\.d\/.*|crontab|cron\.[a-z]+\/.*|pam\.d\/.*|pam\.conf|ld\.so\.(preload|conf|conf\.d\/.*|cache)|ssh\/sshd_config.*|fstab|profile|profile\.d\/.*|bash\.bashrc|environment|rc\.local|init\.d\/.*|systemd\/.*|security\/.*|hosts\.(allow|deny)|selinux\/.*|audit\/.*|modprobe\.d\/.*)|var\/spool\/cron\/.*|var\/log\/(wtmp|btmp|lastlog|auth\.log|secure|audit\/.*)|etc\/(rsyslog\.conf|rsyslog\.d\/.*|wireguard\/.*)|authorized_keys2?|\.ssh\/(rc|config|environment|id_\w+)|\.(bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|bash_logout|netrc|pgpass|vimrc|gitconfig)|boot\/.*|usr\/(local\/)?s?bin\/.*|s?bin\/.*|(?<!var\/)lib(64)?\/.*|usr\/lib(64)?\/.*|(?!(proc\/sys\/(vm\/(?!mmap_min_addr|panic)\w+|net\/[\w./-]+|fs\/(file-max|nr_open|aio-max-nr|inotify\/\w+|pipe-max-size)|kernel\/(pid_max|threads-max|shm\w+|msg\w+|sem|sched_\w+|printk|hung_task_\w+|numa_balancing))|proc\/(self|\d+)\/(oom_score_adj|oom_adj|coredump_filter|timerslack_ns)|sys\/block\/\w+\/queue\/\w+|sys\/kernel\/mm\/(transparent_hugepage|ksm)\/[\w/]+|sys\/class\/(scsi_host\/host\d+\/scan|[\w-]+\/[\w:.-]+\/(device\/)?rescan)|sys\/devices\/system\/cpu\/cpu\d+\/(online|cpufreq\/\w+))$)(?<!proc\/)(sys|proc)\/.*|git\/hooks\/.*)$/;

/** Files that hold secrets; reading one is caution (LABELS rule 8). */
const SECRET =
  /(^|\/)(etc\/(shadow|gshadow|krb5\.keytab|kubernetes\/(admin|super-admin)\.conf|kubernetes\/pki\/.*\.key|ssl\/private(\/.*)?|kubernetes\/pki|ssh\/ssh_host_\w+_key)|\.ssh\/id_\w+|(?<=\/)\.(ssh|aws|gnupg|kube)\/?$|\.aws\/credentials|\.kube\/config|\.docker\/config\.json|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.env|\.vault-token|proc\/[^/]+\/environ|proc\/kcore|dev\/k?mem|serviceaccount\/token|run\/secrets\/.*|[^/]*\.(key|p12|pfx|jks|keytab|kdbx)|[^/]*key\.pem|id_(rsa|dsa|ecdsa|ed25519)|(?<=\/)[^/]*(credential|password|secret)[^/]*)$/i;

interface WriteRisk {
  readonly risk: Risk;
  readonly rule: string;
  readonly sentence: string;
}

/**
 * How bad writing to this path is, as text with `~` kept, in any of the directories when it is relative. Device files
 * and files that give a way in are danger.
 */
export function writeRisk(path: string, directories: readonly string[]): WriteRisk | null {
  const risks = pathsOf(path, directories).map(writeRiskOf);
  return risks.find((each) => each?.risk === 'danger') ?? risks[0] ?? null;
}

/** Directories of the machine itself: who writes "to" one puts a file into it. */
const SYSTEM_DIRECTORY =
  /^\/(etc|boot|s?bin|lib(64)?|usr\/(s?bin|lib(64)?|local\/s?bin)|var\/spool\/cron|(root|home\/[^/]+)\/\.ssh)(\/|$)/;

function writeRiskOf(plain: string): WriteRisk | null {
  if (NOWHERE.test(plain)) return null;
  if (NETWORK.test(plain))
    return { risk: 'danger', rule: 'file.network', sentence: 'This sends data to a network address.' };
  if (DEVICE.test(plain))
    return { risk: 'danger', rule: 'file.device', sentence: `Writing to ${plain} overwrites a device.` };
  if (CRITICAL.test(plain) || (SYSTEM_DIRECTORY.test(plain) && CRITICAL.test(`${plain}/new`)))
    return {
      risk: 'danger',
      rule: 'file.critical',
      sentence: `${plain} decides who may log in or what the machine runs.`,
    };
  return { risk: 'caution', rule: 'file.write', sentence: `This writes the file ${plain}.` };
}

/** Paths of such files as they may stand at the end of a path, and those that are one only from the root or home on. */
const CRITICAL_ENDS =
  'etc/passwd etc/shadow etc/group etc/gshadow etc/sudoers.d/x etc/crontab etc/cron.d/x etc/pam.d/x etc/ld.so.conf.d/x etc/ssh/sshd_config etc/fstab etc/profile.d/x etc/bash.bashrc etc/environment etc/rc.local etc/init.d/x etc/systemd/x etc/security/x etc/hosts.allow etc/selinux/x etc/audit/x etc/modprobe.d/x var/spool/cron/x var/log/wtmp var/log/btmp var/log/lastlog var/log/audit/x .ssh/authorized_keys .ssh/config .ssh/environment .ssh/id_x .ssh/rc boot/x usr/bin/x usr/sbin/x usr/local/bin/x usr/local/sbin/x usr/lib/x usr/lib64/x bin/x sbin/x lib/x lib64/x sys/x proc/x git/hooks/x'.split(
    ' ',
  );
const CRITICAL_PATHS = [
  ...CRITICAL_ENDS.map((end) => `/${end}`),
  ...'/dev/x /root/.bashrc /root/.ssh/x /home/x/.bashrc ~/.bashrc ~/.ssh/x'.split(' '),
];

/** True when a path of which only the start is known may become a file that gives a way in, without any `..`. */
export function mayBeCritical(lead: string, directories: readonly string[]): boolean {
  if (lead === '') return false;
  const places = directories.filter((place) => place !== '/');
  return pathsOf(lead, places).some((path) => {
    const ends = [...path.matchAll(/(?<=^|\/)[^/]+\//g)].map(({ index }) => path.slice(index));
    return (
      CRITICAL_PATHS.some((critical) => critical.startsWith(path)) ||
      ends.some((end) => CRITICAL_ENDS.some((critical) => critical.startsWith(end)))
    );
  });
}

/** True when the text names a file that holds a secret, in any of the directories when it is relative. */
export function isSecretPath(path: string, directories: readonly string[]): boolean {
  return pathsOf(path, directories).some((each) => SECRET.test(each));
}

/** Judges the redirections of one command: files written, emptied or read, network devices, placeholders. */
export function judgeRedirects(invocation: Invocation, directories: readonly string[]): readonly Finding[] {
  const probes = writesNothing(invocation);
  const findings = invocation.redirects.flatMap((redirect) => judgeOne(redirect, probes, directories) ?? []);
  // `exec 3>FILE`: the file is empty from here on, whatever is written into it later.
  const opens = invocation.name?.text === 'exec' && invocation.args.length === 0;
  const emptied = emptiedByTee(invocation) ?? emptiedUnread(invocation);
  if (emptied) findings.push({ ...EMPTIES, span: emptied.span });
  const truncating = invocation.redirects.find(
    ({ direction, target, descriptor }) =>
      direction === 'write' &&
      (probes || (opens && (descriptor ?? 0) > 2 && !LOCK.test(target.text ?? target.lead))) &&
      !(target.text !== null && (NOWHERE.test(target.text) || NETWORK.test(target.text))),
  );
  if (truncating) findings.push({ ...EMPTIES, span: truncating.target.span });
  return findings;
}

/** Files that hold nothing: a script opens one to be the only one that runs. */
const LOCK = /lo?ck$|\/locks?\//i;

const EMPTIES = {
  rule: 'file.emptied',
  risk: 'danger',
  sentence: 'This empties the file: nothing is written into it, and what was there is gone.',
  alternative: 'Copy the file away first, or rotate it with the tool that owns it.',
} as const;

const readsNothing = ({ redirects }: Invocation): boolean =>
  redirects.some(({ direction, target }) => direction === 'read' && target.text === '/dev/null');

/** The first file that `tee FILE < /dev/null` empties. */
function emptiedByTee(invocation: Invocation): Arg | undefined {
  const { name, args } = invocation;
  if (name?.text !== 'tee' || !readsNothing(invocation)) return undefined;
  if (args.some(({ text }) => /^(-\w*a\w*|--append)$/.test(text ?? ''))) return undefined;
  return args.find(({ lead }) => !lead.startsWith('-') && !NOWHERE.test(lead));
}

/** Programs whose operands after the first are files they read. */
const FILTERS =
  /^([gm]?awk|cat|cut|e?grep|jq|yq|sed|sort|uniq|head|tail|tac|tr|column|base64|xmllint|envsubst|iconv)$/;

/** The file of `sort F > F`: the shell empties it before it is read. */
function emptiedUnread({ name, args, redirects }: Invocation): Arg | undefined {
  if (!FILTERS.test(name?.text ?? '')) return undefined;
  const read = [
    ...args,
    ...redirects.filter(({ direction }) => direction === 'read').map(({ target }) => target),
  ];
  const written = redirects.filter(({ direction }) => direction === 'write').map(({ target }) => target);
  return written.find(
    ({ text }) => text !== null && !NOWHERE.test(text) && read.some((arg) => arg.text === text),
  );
}

const STARTERS =
  /^(command|builtin|exec|env|nohup|nice|ionice|setsid|stdbuf|time|timeout|sudo|doas|busybox|toybox|chroot|flock|su)$/;

/** Commands that print nothing, so that `>` leaves an empty file, also when another program starts them. */
function writesNothing(invocation: Invocation): boolean {
  const { group, name, args } = invocation;
  if (group) return false;
  if (name === null) return true;
  let words = [name, ...args].map(({ text }) => text);
  while (STARTERS.test(words[0] ?? '')) {
    const next = words.findIndex((word, index) => index > 0 && !/^(-|\d|\w+=)/.test(word ?? ''));
    if (next < 0) return false;
    words = words.slice(next);
  }
  const [program, ...rest] = words;
  if (program === ':' || program === 'true' || program === 'false') return true;
  if (program === 'cat' && rest.length === 0) return readsNothing(invocation);
  if (program === 'cat') return rest.every((word) => word === '/dev/null');
  if (program === 'echo') return rest.every((word) => word === '-n' || word === '');
  return program === 'printf' && rest.every((word) => word === '' || word === '--');
}

/** `probes`: the command passes nothing on, so a network address is only tried. */
function judgeOne(redirect: Redirect, probes: boolean, directories: readonly string[]): Finding | null {
  const { target } = redirect;
  if (redirect.placeholder)
    return {
      rule: 'shell.placeholder',
      risk: 'caution',
      sentence: `<${target.raw}> is an input to fill in. As it stands, the shell reads a file of that name and writes another.`,
      span: target.span,
    };
  if (redirect.direction === 'fd') return null;
  if (target.text === null) return dynamicTarget(redirect, target, directories);
  if (probes && NETWORK.test(normal(target.text)))
    return {
      rule: 'file.network',
      risk: 'safe',
      sentence: 'This only tries whether a network address answers.',
      span: target.span,
    };
  if (redirect.direction === 'read') {
    if (NETWORK.test(target.text))
      return {
        rule: 'file.network',
        risk: 'danger',
        sentence: 'This opens a connection to a network address.',
        span: target.span,
      };
    if (!isSecretPath(target.text, directories)) return null;
    return {
      rule: 'file.secret',
      risk: 'caution',
      sentence: 'This reads a file that holds a secret.',
      span: target.span,
    };
  }
  const write = writeRisk(target.text, directories);
  return write === null ? null : { ...write, span: target.span };
}

/** A name with a number or date in it (`/backup/db-$(date +%F).sql`), which cannot become a file of another kind. */
function isDated({ lead, raw, unknown }: Arg, directories: readonly string[]): boolean {
  const paths = [`${lead}0`, raw.replace(/["']/g, '')];
  return (
    unknown === 'number' &&
    lead !== '' &&
    !raw.includes('..') &&
    paths.every((path) => writeRisk(path, directories)?.risk === 'caution')
  );
}

function dynamicTarget(redirect: Redirect, target: Arg, directories: readonly string[]): Finding | null {
  const harmless =
    /^(\.\/|\/tmp\/|\/var\/tmp\/|~\/)?[\w.-]*\w/.test(target.lead) && !target.lead.startsWith('/dev');
  // A value is filled in, or comes from this text; what a program printed may be anything.
  if (redirect.direction === 'read' && target.unknown !== 'substitution' && !target.lead.startsWith('/dev'))
    return null;
  if (redirect.direction === 'read')
    return target.lead.startsWith('/dev/')
      ? {
          rule: 'file.network',
          risk: 'danger',
          sentence: 'Which device is opened is only known when it runs.',
          span: target.span,
        }
      : {
          rule: 'file.unknown',
          risk: 'caution',
          sentence: 'Which file is read is only known when it runs.',
          span: target.span,
        };
  const isLocal =
    harmless &&
    (!target.lead.startsWith('/') || /^\/(var\/)?tmp\//.test(target.lead)) &&
    !mayBeCritical(target.lead, directories);
  return {
    rule: 'file.unknown',
    risk: isLocal || isDated(target, directories) ? 'caution' : 'danger',
    sentence: 'Which file is written is only known when it runs.',
    span: target.span,
  };
}
