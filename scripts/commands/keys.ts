import { existsSync } from 'node:fs';
import { systemClock, systemRandom } from '../../src/platform/clock.ts';
import { keyFolderOf, loadConfig } from '../../src/platform/config.ts';
import { type Changed, type Held, KeyFolder } from '../../src/platform/key-folder.ts';
import { type RingKey, reminder } from '../../src/platform/key-ring.ts';
import type { SigningKey } from '../../src/protocol/keys.ts';
import { KEY_ROLES } from '../../src/protocol/trust.ts';
import type { Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { note, print } from './support/output.ts';

const OPTIONS = { root: { type: 'string' } } as const;

/** Shows the keys that servers and workers share, or changes which of them count. */
export const run: Run = async (args) => {
  const { values, positionals } = readArguments('keys', args, OPTIONS, 2);
  const [what, word] = positionals;
  const change = what === undefined ? null : changeOf(what, word);
  if (existsSync('.env')) process.loadEnvFile('.env');
  const folder = new KeyFolder(keyFolderOf(loadConfig()));
  const now = systemClock.now();
  if (change) {
    const done = change(folder, rootKey(folder, values.root), now);
    if (!done.ok) throw new Error(done.sentence);
    note(
      `Trust bundle ${done.held.version} is there. Servers and workers that see this folder take it up within 2 seconds.`,
    );
  }
  const held = folder.newest();
  await print(`${describe(held, folder, now).join('\n')}\n`);
  const todo = reminder(held.ring, folder.hasRoot, now);
  if (todo !== null) note(todo);
  return 0;
};

type Change = (folder: KeyFolder, root: SigningKey, now: number) => Changed;

function changeOf(what: string, word: string | undefined): Change {
  switch (what) {
    case 'rotate': {
      const role = KEY_ROLES.find((each) => each === word);
      if (role === undefined) throw new UsageError('dd0c keys rotate needs a role: dispatch or approve.');
      return (folder, root, now) => folder.rotate(root, role, systemRandom, now);
    }
    case 'revoke':
      if (word === undefined) throw new UsageError('dd0c keys revoke needs the id of a key: dd0c keys.');
      return (folder, root, now) => folder.revoke(root, word, systemRandom, now);
    case 'renew':
      if (word !== undefined) throw new UsageError('dd0c keys renew takes no other word.');
      return (folder, root, now) => folder.renew(root, now);
    default:
      throw new UsageError(`dd0c keys can rotate, revoke and renew, not “${what}”.`);
  }
}

function rootKey(folder: KeyFolder, file: string | undefined): SigningKey {
  if (file === undefined && !folder.hasRoot)
    throw new Error(
      `The root key is not in ${folder.path}, so nothing was changed. Say where it is: --root FILE.`,
    );
  return folder.loadRoot(file);
}

function describe({ ring }: Held, folder: KeyFolder, now: number): readonly string[] {
  const days = Math.floor((ring.exp - now) / 86_400_000);
  const life = now > ring.exp ? 'expired' : `${days} days left`;
  const where = folder.hasRoot ? folder.rootFile : `not in ${folder.path}`;
  return [
    `bundle   version ${ring.version}, made ${timeOf(ring.iat)}, good until ${timeOf(ring.exp)} (${life})`,
    `root     ${folder.root.keyId}  ${where}`,
    ...KEY_ROLES.flatMap((role) =>
      ring[role].map((key) => `${role.padEnd(8)} ${key.keyId}  ${standing(key)}`),
    ),
    ...ring.revoked.map((keyId) => `revoked  ${keyId}`),
  ];
}

const standing = ({ since, until }: RingKey): string =>
  until === null ? `signs since ${timeOf(since)}` : `still verifies until ${timeOf(until)}`;

/** `2026-11-26 10:00 UTC` */
const timeOf = (time: number): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
