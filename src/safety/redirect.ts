import type { Arg, Finding, Invocation, Redirect } from './model.ts';
import type { Risk } from './verdict.ts';

const NOWHERE = /^\/dev\/(null|stdout|stderr|stdin|tty|full|zero|fd\/\d+)$/;
const NETWORK = /^\/dev\/(tcp|udp)\//;
const DEVICE = /^\/dev\/(?!shm\/)./;

/** Files whose change gives a way in, or breaks the machine (LABELS rule 4). Read as: any of these at the end of a path. */
const CRITICAL =
  /(^|\/)(etc\/(passwd|shadow|group|gshadow|sudoers|sudoers\.d\/.*|crontab|cron\.[a-z]+\/.*|pam\.d\/.*|pam\.conf|ld\.so\.(preload|conf|conf\.d\/.*|cache)|ssh\/sshd_config.*|fstab|profile|profile\.d\/.*|bash\.bashrc|environment|rc\.local|init\.d\/.*|systemd\/.*|security\/.*|hosts\.(allow|deny)|selinux\/.*|audit\/.*|modprobe\.d\/.*)|var\/spool\/cron\/.*|authorized_keys2?|\.ssh\/(rc|config|environment|id_\w+)|\.(bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|bash_logout|netrc|pgpass|vimrc|gitconfig)|boot\/.*|usr\/(local\/)?s?bin\/.*|s?bin\/.*|lib(64)?\/.*|usr\/lib(64)?\/.*|(sys|proc)\/.*|git\/hooks\/.*)$/;

/** Files that hold secrets; reading one is caution (LABELS rule 8). */
const SECRET =
  /(^|\/)(etc\/(shadow|gshadow|sudoers|krb5\.keytab|kubernetes\/(admin|super-admin)\.conf|kubernetes\/pki\/.*\.key|ssl\/private\/.*|ssh\/ssh_host_\w+_key)|\.ssh\/id_\w+|\.aws\/credentials|\.kube\/config|\.docker\/config\.json|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.env|\.vault-token|proc\/[^/]+\/environ|serviceaccount\/token|run\/secrets\/.*|[^/]*\.(key|p12|pfx|jks|keytab|kdbx)|[^/]*key\.pem|id_(rsa|dsa|ecdsa|ed25519)|(?<=\/)[^/]*(credential|password|secret)[^/]*)$/i;

/** How bad writing to this path is, as text with `~` kept. Device files and files that give a way in are danger. */
export function writeRisk(
  path: string,
): { readonly risk: Risk; readonly rule: string; readonly sentence: string } | null {
  const plain = normal(path);
  if (NOWHERE.test(plain)) return null;
  if (NETWORK.test(plain))
    return { risk: 'danger', rule: 'file.network', sentence: 'This sends data to a network address.' };
  if (DEVICE.test(plain))
    return { risk: 'danger', rule: 'file.device', sentence: `Writing to ${plain} overwrites a device.` };
  if (CRITICAL.test(plain))
    return {
      risk: 'danger',
      rule: 'file.critical',
      sentence: `${plain} decides who may log in or what the machine runs.`,
    };
  return { risk: 'caution', rule: 'file.write', sentence: `This writes the file ${plain}.` };
}

/** True when the text names a file that holds a secret. */
export function isSecretPath(path: string): boolean {
  return SECRET.test(normal(path));
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.replace(/\/+/g, '/').split('/')) {
    if (part === '.' && parts.length > 0) continue;
    if (part === '..' && parts.length > 1 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/** Judges the redirections of one command: files written, emptied or read, network devices, placeholders. */
export function judgeRedirects(invocation: Invocation): readonly Finding[] {
  const findings = invocation.redirects.flatMap((redirect) => judgeOne(redirect) ?? []);
  const truncating = invocation.redirects.find(
    (item) => item.direction === 'write' && !(item.target.text !== null && NOWHERE.test(item.target.text)),
  );
  if (truncating && writesNothing(invocation))
    findings.push({
      rule: 'file.emptied',
      risk: 'danger',
      sentence: 'This empties the file: nothing is written into it, and what was there is gone.',
      span: truncating.target.span,
      alternative: 'Copy the file away first, or rotate it with the tool that owns it.',
    });
  return findings;
}

/** Commands that print nothing, so that `>` leaves an empty file. */
function writesNothing(invocation: Invocation): boolean {
  if (invocation.group) return false;
  const name = invocation.name?.text ?? null;
  if (invocation.name === null || name === ':' || name === 'true' || name === 'false') return true;
  const words = invocation.args.map((arg) => arg.text);
  if (name === 'cat') return words.length > 0 && words.every((word) => word === '/dev/null');
  if (name === 'echo') return words.every((word) => word === '-n' || word === '');
  return name === 'printf' && words.every((word) => word === '' || word === '--');
}

function judgeOne(redirect: Redirect): Finding | null {
  const { target } = redirect;
  if (redirect.placeholder)
    return {
      rule: 'shell.placeholder',
      risk: 'caution',
      sentence: `<${target.raw}> is an input to fill in. As it stands, the shell reads a file of that name and writes another.`,
      span: target.span,
    };
  if (redirect.direction === 'fd') return null;
  if (target.text === null) return dynamicTarget(redirect, target);
  if (redirect.direction === 'read') {
    if (NETWORK.test(target.text))
      return {
        rule: 'file.network',
        risk: 'danger',
        sentence: 'This opens a connection to a network address.',
        span: target.span,
      };
    if (!isSecretPath(target.text)) return null;
    return {
      rule: 'file.secret',
      risk: 'caution',
      sentence: 'This reads a file that holds a secret.',
      span: target.span,
    };
  }
  const write = writeRisk(target.text);
  return write === null ? null : { ...write, span: target.span };
}

function dynamicTarget(redirect: Redirect, target: Arg): Finding | null {
  const harmless =
    /^(\.\/|\/tmp\/|\/var\/tmp\/|~\/)?[\w.-]*\w/.test(target.lead) && !target.lead.startsWith('/dev');
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
  return {
    rule: 'file.unknown',
    risk:
      harmless && (!target.lead.startsWith('/') || /^\/(var\/)?tmp\//.test(target.lead))
        ? 'caution'
        : 'danger',
    sentence: 'Which file is written is only known when it runs.',
    span: target.span,
  };
}
