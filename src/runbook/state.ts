import { boundedForm } from './bounded.ts';
import { cut } from './cut.ts';
import type { Command, Session, Setting } from './runbook.ts';
import { leavesSession, opensSession } from './sessions.ts';

/** A shell or console that the reader is in. */
interface Place {
  readonly session: Session | null;
  cwd: string | null;
}

const ASSIGNMENT = /^(?:(?:export|declare|readonly|typeset)\s+(?:-\w+\s+)*)?([A-Za-z_]\w{0,100})=(.*)$/s;

/** The variables that a command sets in its shell. Only a command that is nothing but assignments sets any. */
function settingsOf(text: string): Setting[] {
  const [, name, value] = ASSIGNMENT.exec(text) ?? [];
  if (!name || value === undefined) return [];
  const bare = withoutSubstitutions(value);
  const from = /\$\(|`/.test(value.replace(/'[^']*'/g, '')) ? 'output' : 'value';
  const plain = !/\S\s+\S/.test(bare.replace(/;\s*echo\s.*$/s, ''));
  return plain ? [{ name, from }] : [];
}

/** The text without `$(…)` and backticks; pairs within pairs go with the outer one. */
function withoutSubstitutions(text: string): string {
  let out = '';
  let depth = 0;
  for (let at = 0; at < Math.min(text.length, 4000); at++) {
    if (text.startsWith('$(', at)) depth += 1;
    else if (depth > 0 && text[at] === '(' && text[at - 1] !== '$') depth += 1;
    if (depth === 0) out += text[at];
    else if (text[at] === ')') depth -= 1;
  }
  return unquoted(out).replace(/`[^`]*`/g, '');
}

const unquoted = (text: string): string => text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""');

/** The folder that `cd` goes to, or null for any other command. */
function folderOf(text: string): string | null {
  const found = /^(?:cd|pushd)\s+(?:--\s+)?("[^"\n]+"|'[^'\n]+'|[^\s;&|]+)\s*$/.exec(text.trim());
  return found?.[1]?.replace(/^(["'])(.*)\1$/, '$2') ?? null;
}

function joined(cwd: string | null, folder: string): string | null {
  if (folder === '-') return null;
  if (/^[/~$<{]/.test(folder) || cwd === null) return folder;
  const parts = cwd.split('/');
  for (const part of folder.split('/')) {
    if (part === '..' && parts.length > 1) parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/') || '/';
}

/** What one command leaves for the next: the folder, the session it is typed into, variables. Read in order. */
export class ShellState {
  private places: Place[];

  /** At the beginning, or where a command stands that was read before. */
  constructor({ session = null, cwd = null }: { session?: Session | null; cwd?: string | null } = {}) {
    const outside: Place = { session: null, cwd: session ? null : cwd };
    this.places = session ? [outside, { session, cwd }] : [outside];
  }

  private get place(): Place {
    return this.places.at(-1) ?? { session: null, cwd: null };
  }

  /** The session that commands are typed into now, or null in the runbook's own shell. */
  get session(): Session | null {
    return this.place.session;
  }

  /** Leaves consoles: what comes next is a shell's. */
  leaveConsole(): void {
    while (this.place.session && this.place.session.language !== 'shell') this.places.pop();
  }

  /** Leaves shells at the end of a section: the next one begins where the reader began. */
  leaveShell(): void {
    if (this.place.session?.language === 'shell') this.places = [{ session: null, cwd: null }];
  }

  /** The command with what it needs to know of those before it. */
  read(command: Command): Command {
    const { session, cwd } = this.place;
    const inShell = session === null || session.language === 'shell';
    const sets = inShell ? settingsOf(command.text) : [];
    const bounded = inShell ? boundedForm(command.text) : null;
    this.move(command.text, inShell);
    return {
      ...command,
      ...(sets.length > 0 ? { sets } : {}),
      ...(cwd !== null && inShell ? { cwd } : {}),
      ...(session !== null ? { session } : {}),
      ...(bounded !== null ? { bounded } : {}),
    };
  }

  private move(text: string, inShell: boolean): void {
    const language = opensSession(text);
    const folder = inShell ? folderOf(text) : null;
    if (leavesSession(text)) {
      if (this.places.length > 1) this.places.pop();
    } else if (language) this.places.push({ session: { opener: cut(text, 400), language }, cwd: null });
    else if (folder !== null) this.place.cwd = joined(this.place.cwd, folder);
    if (this.places.length > 20) this.places.splice(1, 1);
  }
}
