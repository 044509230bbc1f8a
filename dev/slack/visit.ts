import { AUTHORIZE_PATH } from './consent.ts';

/** Browsers give up after about this many redirects. */
const MAX_REDIRECTS = 20;

/** Where a visit ended. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
  readonly isStrict: boolean;
}

/**
 * What a browser does, as far as an installation needs it: follows redirects and keeps cookies, each host its own. It treats two
 * origins as two sites, as the app and slack.com are, so a SameSite=Strict cookie does not come back from the consent page.
 */
class Browser {
  #jar: Cookie[] = [];

  /** Opens an address, from a page or by hand, and goes where it leads. Throws when nobody answers there. */
  async open(address: string, { from, form }: { from?: string; form?: URLSearchParams } = {}): Promise<Page> {
    const origins = new Set(from === undefined ? [] : [new URL(from).origin]);
    let url = new URL(address);
    let body = form;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      origins.add(url.origin);
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        headers: { accept: 'text/html', cookie: this.#cookies(url, origins.size > 1) },
        redirect: 'manual',
        ...(body ? { body } : {}),
      });
      this.#keep(url, response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null)
        return { url: url.href, status: response.status, text: await response.text() };
      await response.arrayBuffer();
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`${address} redirects without end.`);
  }

  #cookies(url: URL, isForeign: boolean): string {
    return this.#jar
      .filter(
        ({ host, path, isStrict }) => host === url.hostname && covers(path, url) && !(isStrict && isForeign),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
      const [name = '', ...value] = pair.split('=');
      const given = new Map(rest.map((part) => splitAttribute(part)));
      const path = given.get('path') ?? '/';
      const isStrict = given.get('samesite')?.toLowerCase() === 'strict';
      this.#jar = this.#jar.filter(
        (one) => one.host !== url.hostname || one.name !== name || one.path !== path,
      );
      if (!isOver(given))
        this.#jar.push({ host: url.hostname, path, name, value: value.join('='), isStrict });
    }
  }
}

const covers = (path: string, { pathname }: URL): boolean =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);

function splitAttribute(part: string): [string, string] {
  const [key = '', ...value] = part.split('=');
  return [key.toLowerCase(), value.join('=')];
}

function isOver(given: ReadonlyMap<string, string>): boolean {
  const age = given.get('max-age');
  if (age !== undefined) return Number(age) <= 0;
  const expires = given.get('expires');
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

/** Who installs, where and by which answer. `installUrl` is the app's, `origin` the simulator's. */
export interface Visit {
  readonly origin: string;
  readonly installUrl: string;
  /** The answer on the consent page: `<workspace key>/<user id>`. */
  readonly who: string;
  readonly decision: 'allow' | 'deny';
}

/**
 * Installs the app as a person at a browser would: opens the app's address, follows its link if it shows one, answers the
 * consent page and goes back to the app. Resolves with the last page, also when that came before the consent page.
 */
export async function visitInstall({ origin, installUrl, who, decision }: Visit): Promise<Page> {
  const browser = new Browser();
  const consentAt = origin + AUTHORIZE_PATH;
  const first = await browser.open(installUrl);
  const link = first.url.startsWith(consentAt) ? null : linkTo(consentAt, first.text);
  const consent = link === null ? first : await browser.open(link, { from: first.url });
  const ask = /name="ask" value="([0-9a-f]+)"/.exec(consent.text)?.[1];
  if (!consent.url.startsWith(consentAt) || ask === undefined) return consent;
  const form = new URLSearchParams({ ask, who, decision });
  return browser.open(consentAt, { from: consent.url, form });
}

/** The first link of a page to the consent page. */
function linkTo(address: string, html: string): string | null {
  const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'));
  return links.find((link) => link.startsWith(address)) ?? null;
}
