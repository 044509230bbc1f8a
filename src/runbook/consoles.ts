import { speaksOfAllCode, tellsToRun } from './prose.ts';
import type { Session } from './runbook.ts';
import { consoleNamed } from './sessions.ts';

type Language = Session['language'];

/** Tags of blocks that may be what is typed into a console. */
const MAY_BE_TYPED =
  /^(?:|ruby|irb|rb|python|py|pycon|python3|javascript|js|mongodb|mongo|sql|psql|mysql|redis|text|plaintext|console|shell|bash|sh|default|none|erlang|elixir|groovy)$/;
/** Tags of the languages of consoles. */
const TAGS_OF: Partial<Record<Language, RegExp>> = {
  ruby: /^(?:ruby|irb|rb)$/,
  python: /^(?:python3?|py|pycon)$/,
  javascript: /^(?:javascript|js|mongo(?:db)?)$/,
};

/** Where a code block stands. */
interface Surroundings {
  readonly tag: string;
  /** The prose before the block. */
  readonly introduced: string;
  readonly heading: string;
  /** The session that the commands before it opened. */
  readonly open: Language | null;
}

/** The consoles of a page: those it has named or opened so far. */
export class Consoles {
  private readonly known = new Set<Language>();
  /** The one that the page says all its code is for. */
  private whole: Language | null = null;

  /** Notes what a paragraph says of consoles. */
  hear(text: string): void {
    const named = consoleNamed(text);
    if (!named) return;
    this.known.add(named);
    if (speaksOfAllCode(text)) this.whole = named;
  }

  /** Notes that a command opened one. */
  opened(language: Language | null): void {
    if (language && language !== 'shell') this.known.add(language);
  }

  /** The console that a block is for, or null when it is for a shell or for nobody. */
  languageOf({ tag, introduced, heading, open }: Surroundings): Language | null {
    if (!MAY_BE_TYPED.test(tag)) return null;
    if (open && open !== 'shell') return open;
    const named = consoleNamed(introduced) ?? consoleNamed(heading);
    if (named) return named;
    const told = tag === '' && tellsToRun(introduced) && this.known.size === 1;
    return [...this.known].find((language) => told || TAGS_OF[language]?.test(tag)) ?? this.whole;
  }
}
