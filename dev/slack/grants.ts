import type { Workspace } from './state.ts';

/** What Slack calls a token that worked once: revoked by itself, or of an app that was uninstalled. */
export type DeadToken = 'token_revoked' | 'account_inactive';

/** What a bot token opens: one workspace, by some scopes. */
export interface Grant {
  readonly token: string;
  readonly workspace: Workspace;
  readonly scopes: readonly string[];
  dead: DeadToken | null;
}

/** Every bot token there ever was. */
export class Grants {
  readonly #all = new Map<string, Grant>();

  /** Notes a new token. */
  add(token: string, workspace: Workspace, scopes: readonly string[]): Grant {
    const grant: Grant = { token, workspace, scopes, dead: null };
    this.#all.set(token, grant);
    return grant;
  }

  /** What the token opens or once opened; undefined for a token Slack never gave. */
  find(token: string | null): Grant | undefined {
    return token === null ? undefined : this.#all.get(token);
  }

  /** The tokens of a workspace that still work. */
  live(workspace: Workspace): Grant[] {
    return [...this.#all.values()].filter((one) => one.workspace === workspace && one.dead === null);
  }
}
