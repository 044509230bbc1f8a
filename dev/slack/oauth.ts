import { randomBytes } from 'node:crypto';
import type { Json } from './json.ts';
import type { Workspace } from './state.ts';

/** A code lives ten minutes: docs.slack.dev/authentication/installing-with-oauth */
const CODE_MS = 10 * 60_000;
/** The machine itself: the simulator sends codes nowhere else. */
const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/** What an app asks for at /oauth/v2/authorize. `state` passes through untouched. */
export interface Ask {
  readonly scopes: readonly string[];
  readonly state: string;
  readonly redirectUri: string;
  /** The workspace the app wants, by id; null leaves the choice to the person. */
  readonly team: string | null;
}

/** What a code stands for: who allowed what, where. */
export interface Consent {
  readonly workspace: Workspace;
  readonly user: string;
  readonly scopes: readonly string[];
}

/** The app's credentials, and the scopes its manifest names. */
export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
}

/** Slack's side of OAuth v2: questions shown on the consent page, and the codes its answers lead to. */
export class OAuth {
  readonly client: Client;
  readonly #now: () => number;
  readonly #asks = new Map<string, { ask: Ask; expires: number }>();
  readonly #codes = new Map<string, { consent: Consent; redirectUri: string; expires: number }>();

  /** `now` is in ms since 1970. */
  constructor(client: Client, now: () => number) {
    this.client = client;
    this.#now = now;
  }

  /** Reads the query of the consent page: what is asked with an id for the answer, or Slack's error with a sentence. */
  ask(query: URLSearchParams): { id: string; ask: Ask } | { error: string; sentence: string } {
    const scopes = (query.get('scope') ?? '').split(/[,\s]+/).filter((one) => one !== '');
    const redirectUri = query.get('redirect_uri') ?? '';
    const unknown = scopes.filter((one) => !this.client.scopes.includes(one));
    if (query.get('client_id') !== this.client.id)
      return { error: 'invalid_client_id', sentence: 'No app has this client_id.' };
    if (!isHere(redirectUri)) {
      const sentence = 'redirect_uri must be an address of the app on this machine.';
      return { error: 'bad_redirect_uri', sentence };
    }
    if (scopes.length === 0) return { error: 'no_scopes', sentence: 'The app asks for no scope.' };
    if (unknown.length > 0) {
      const sentence = `The manifest of the app does not name the scope ${unknown.join(', ')}.`;
      return { error: 'invalid_scope', sentence };
    }
    const id = randomBytes(16).toString('hex');
    const ask = { scopes, state: query.get('state') ?? '', redirectUri, team: query.get('team') };
    this.#asks.set(id, { ask, expires: this.#now() + CODE_MS });
    return { id, ask };
  }

  /** The question with this id, which can be answered once; null when there is none any more. */
  take(id: string): Ask | null {
    const found = this.#asks.get(id);
    this.#asks.delete(id);
    return found && this.#now() <= found.expires ? found.ask : null;
  }

  /** Where the browser goes after Cancel. */
  denied(ask: Ask): string {
    return back(ask, { error: 'access_denied' });
  }

  /** Where the browser goes after Allow, with a code for what was allowed. */
  allowed(ask: Ask, by: Omit<Consent, 'scopes'>): string {
    const code = `${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(32).toString('hex')}`;
    const expires = this.#now() + CODE_MS;
    this.#codes.set(code, { consent: { ...by, scopes: ask.scopes }, redirectUri: ask.redirectUri, expires });
    return back(ask, { code });
  }

  /** Why these credentials are not the app's, as Slack says it; null when they are. */
  credentialError(id: unknown, secret: unknown): string | null {
    if (id !== this.client.id) return 'invalid_client_id';
    return secret === this.client.secret ? null : 'bad_client_secret';
  }

  /** Spends a code, whatever comes of it: what it stands for, or Slack's error. */
  exchange({ code, redirect_uri: redirectUri }: Json): Consent | { error: string } {
    const found = typeof code === 'string' ? this.#codes.get(code) : undefined;
    this.#codes.delete(String(code));
    if (!found || this.#now() > found.expires) return { error: 'invalid_code' };
    return found.redirectUri === redirectUri ? found.consent : { error: 'bad_redirect_uri' };
  }
}

function isHere(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return /^https?:$/.test(protocol) && HERE.includes(hostname);
}

function back({ redirectUri, state }: Ask, more: Record<string, string>): string {
  const url = new URL(redirectUri);
  for (const [key, value] of Object.entries({ ...more, state })) url.searchParams.set(key, value);
  return url.href;
}
