import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stage } from './actor.ts';
import { AUTHORIZE_PATH } from './consent.ts';
import { Control } from './control.ts';
import type { Platform } from './platform.ts';
import type { Pulse } from './pulse.ts';
import { BOT_TOKEN } from './teams.ts';
import { type Page, visitInstall } from './visit.ts';

/** A running simulator. As a Control it is that of the first workspace, where the app is installed from the start. */
export class Simulator extends Control {
  /** The bot token of the first workspace. */
  readonly token = BOT_TOKEN;
  readonly #server: Server;
  readonly #platform: Platform;
  readonly #pulse: Pulse;
  readonly #others: ReadonlyMap<string, Control>;

  /** `others` are the controls of the other workspaces, by key. */
  constructor(
    server: Server,
    platform: Platform,
    pulse: Pulse,
    stage: Stage,
    others: ReadonlyMap<string, Control>,
  ) {
    super(stage, pulse);
    this.#server = server;
    this.#platform = platform;
    this.#pulse = pulse;
    this.#others = others;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where a person looks: `http://127.0.0.1:<port>/`. */
  get url(): string {
    return `${this.#platform.origin}/`;
  }

  /** What the app's Slack client takes as `slackApiUrl`. */
  get apiUrl(): string {
    return `${this.#platform.origin}/api/`;
  }

  /** Where the app sends the browser of whoever installs it: `installerOptions.authorizationUrl` of Bolt. */
  get authorizeUrl(): string {
    return this.#platform.origin + AUTHORIZE_PATH;
  }

  /** The app's credentials for OAuth. */
  get clientId(): string {
    return this.#platform.oauth.client.id;
  }

  get clientSecret(): string {
    return this.#platform.oauth.client.secret;
  }

  /** The app-level token that opens sockets, `xapp-…`. */
  get appToken(): string {
    return this.#platform.appToken;
  }

  /** Where the app says an installation begins; null while it does not. The page shows a link once it is set. */
  get installUrl(): string | null {
    return this.#platform.installUrl;
  }

  set installUrl(url: string | null) {
    this.#platform.installUrl = url;
    this.#pulse.changed();
  }

  /** The control of a workspace, by its key (`dd0c`, `acme`) or team id. Throws when there is none. */
  team(key: string): Control {
    return this.#others.get(this.#platform.workspace(key).team.key) ?? this;
  }

  /**
   * Installs the app as a person at a browser does, cookies included: the app's address, the consent page, Allow, back to the
   * app. Resolves with the last page. With `decision: 'deny'` the person cancels.
   */
  install(
    team: string,
    as: string,
    installUrl: string,
    { decision = 'allow' }: { readonly decision?: 'allow' | 'deny' } = {},
  ): Promise<Page> {
    const { key } = this.#platform.workspace(team).team;
    const who = `${key}/${this.team(key).person(as).id}`;
    return visitInstall({ origin: this.#platform.origin, installUrl, who, decision });
  }

  /**
   * Uninstalls the app from a workspace. Its tokens are dead at once; the promise resolves when the app has answered the events
   * `tokens_revoked` and `app_uninstalled`, as far as the manifest subscribes to them.
   */
  uninstall(team: string): Promise<void> {
    return this.#platform.uninstall(this.#platform.workspace(team));
  }

  /** Ends the server, every socket and what is under way. */
  close(): Promise<void> {
    this.#platform.close();
    return new Promise((resolve, reject) => {
      this.#server.close((error) => (error ? reject(error) : resolve()));
      this.#server.closeAllConnections();
    });
  }
}
