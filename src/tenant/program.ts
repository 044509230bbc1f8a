import type { UserId } from '../protocol/ids.ts';
import type { Declared } from '../safety/verdict.ts';

/** A program of this tenant's own that only looks, by the word of these people: two, or the only admin. */
export interface Declaration {
  readonly name: string;
  readonly reason: string;
  readonly by: readonly UserId[];
  readonly at: number;
}

/** One that an admin wants declared and that waits for a second. */
export interface Asked extends Omit<Declaration, 'by'> {
  readonly by: UserId;
}

/** What a tenant has declared read-only, sorted by name. */
export interface Programs {
  /** Rises with every change of what is declared. */
  readonly version: number;
  readonly declared: readonly Declaration[];
  readonly asked: readonly Asked[];
}

export const NO_PROGRAMS: Programs = { version: 0, declared: [], asked: [] };

/** What the scanner is told of a tenant's programs. */
export function declaredOf({ programs = NO_PROGRAMS }: { readonly programs?: Programs }): Declared {
  return { readOnly: new Set(programs.declared.map(({ name }) => name)) };
}
