import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codeSpans, isThere, pages, prose, read } from './pages.ts';

/** GitHub's anchor of a heading: lower case, marks gone, blanks to hyphens. */
const anchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...prose(read(page)).matchAll(/^#{1,6} (.+)$/gm)].map((heading) => anchor(heading[1] ?? ''));

/** Links and pictures of a page that lead to a file of the project, with the file and the anchor they name. */
function linksOf(page: string): { link: string; file: string; anchor: string }[] {
  return [...prose(read(page)).matchAll(/\]\(([^()\s]+)\)/g)]
    .map((found) => found[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', name = ''] = link.split('#');
      return { link, file: path === '' ? page : normalize(join(dirname(page), path)), anchor: name };
    });
}

describe.each(pages())('%s', (page) => {
  test('has no dead link', () => {
    const dead = linksOf(page).filter(
      ({ file, anchor: name }) => !isThere(file) || (name !== '' && !anchorsOf(file).includes(name)),
    );
    expect(dead.map(({ link }) => link)).toEqual([]);
  });

  test('names only files that are there', () => {
    const rooms = /^(?:src|handlers|workers|agent|dev|scripts|prisma|test|docs|examples|bin|\.ci)\/[\w./-]+$/;
    const named = codeSpans(prose(read(page))).filter((span) => rooms.test(span));
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });

  test('raises no voice', () => {
    const words = prose(read(page))
      .replace(/`[^`\n]*`/g, '')
      .replace(/!\[/g, '[');
    expect(words.split('\n').filter((line) => line.includes('!'))).toEqual([]);
  });
});

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(['README.md', 'CONTRIBUTING.md'])('the commands of %s', (page) => {
  test('are scripts of package.json', () => {
    const named = [...read(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      (call) => call[1] ?? call[2] ?? '',
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test('README.md leads to every page', () => {
  const readme = read('README.md');
  const shown = pages().filter((page) => page !== 'README.md' && !page.startsWith('docs/decisions/'));
  expect(shown.filter((page) => !readme.includes(`](${page})`))).toEqual([]);
});

test('README.md says what both of the first commands do, and where to read on', () => {
  const readme = read('README.md');
  for (const needed of [
    'npm start',
    'npm test',
    'npm run demo',
    'dd0c audit verify',
    'docs/ARCHITECTURE.md',
    'docs/threats.md',
  ]) {
    expect(readme).toContain(needed);
  }
});
