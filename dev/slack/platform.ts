import { AppLink, type AppSide } from './deliver.ts';
import { type DeadToken, type Grant, Grants } from './grants.ts';
import type { Json } from './json.ts';
import type { Manifest } from './manifest.ts';
import type { OAuth } from './oauth.ts';
import { eventCallback } from './payloads.ts';
import type { Workspace } from './state.ts';

/** One app in several workspaces: where it is installed, by which tokens, and what it hears when that ends. */
export class Platform {
  readonly grants = new Grants();
  readonly manifest: Manifest;
  readonly app: AppSide;
  readonly oauth: OAuth;
  /** The token that opens sockets. */
  readonly appToken: string;
  /** Where this server answers, `http://127.0.0.1:<port>`; known once it listens. */
  origin = '';
  /** Where the app says an installation begins; null while it does not. */
  installUrl: string | null = null;
  readonly #workspaces: readonly Workspace[];
  readonly #links: ReadonlyMap<Workspace, AppLink>;

  constructor(fields: {
    workspaces: readonly Workspace[];
    manifest: Manifest;
    app: AppSide;
    oauth: OAuth;
    appToken: string;
  }) {
    this.#workspaces = fields.workspaces;
    this.manifest = fields.manifest;
    this.app = fields.app;
    this.oauth = fields.oauth;
    this.appToken = fields.appToken;
    this.#links = new Map(fields.workspaces.map((one) => [one, new AppLink(one, fields.app)]));
  }

  /** Every workspace, the one with the app from the start first. */
  get workspaces(): readonly Workspace[] {
    return this.#workspaces;
  }

  /** The workspace by its key (`acme`) or team id. Throws when there is none. */
  workspace(key: string): Workspace {
    const found = this.#workspaces.find(({ team }) => team.key === key || team.id === key);
    if (!found) throw new Error(`There is no workspace ${key}.`);
    return found;
  }

  /** The way from a workspace to the app. */
  link(workspace: Workspace): AppLink {
    const link = this.#links.get(workspace);
    if (!link) throw new Error(`The workspace ${workspace.team.key} is not one of this simulator.`);
    return link;
  }

  /** Installs the app, or installs it again: a fresh token, and those there were go on working. */
  install(
    workspace: Workspace,
    scopes: readonly string[],
    by: string | null,
    token = `xoxb-${workspace.secret(24)}`,
  ): Grant {
    workspace.installation = { token, scopes, installedBy: by, isActive: true };
    workspace.changed();
    return this.grants.add(token, workspace, scopes);
  }

  /**
   * Revokes one token. The app stays installed; when it was the last token, its bot leaves the channels
   * (docs.slack.dev/reference/methods/auth.revoke). Resolves when the app was told.
   */
  async revoke(grant: Grant): Promise<void> {
    const { workspace } = grant;
    grant.dead = 'token_revoked';
    const left = this.grants.live(workspace).at(-1);
    if (workspace.installation) {
      const token = left?.token ?? workspace.installation.token;
      workspace.installation = { ...workspace.installation, token, isActive: left !== undefined };
    }
    workspace.changed();
    await this.#tell(workspace, tokensRevoked(workspace));
  }

  /** Uninstalls the app: its tokens are dead at once. Resolves when the app was told, by both events. */
  async uninstall(workspace: Workspace): Promise<void> {
    const dead: DeadToken = 'account_inactive';
    for (const grant of this.grants.live(workspace)) grant.dead = dead;
    workspace.removeApp();
    await this.#tell(workspace, tokensRevoked(workspace));
    await this.#tell(workspace, { type: 'app_uninstalled' });
  }

  /** Sends an event about the app itself, if the manifest subscribes to it. */
  async #tell(workspace: Workspace, event: Json): Promise<void> {
    if (!this.manifest.events.includes(String(event.type))) return;
    await this.link(workspace).sendEvent(eventCallback(workspace, event, false));
  }

  /** Gives up what is under way in every workspace. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.app.sockets.close();
  }
}

/** Slack names the users whose tokens are gone, not the tokens: docs.slack.dev/reference/events/tokens_revoked */
const tokensRevoked = ({ team }: Workspace): Json => ({
  type: 'tokens_revoked',
  tokens: { oauth: [], bot: [team.botUserId] },
});
