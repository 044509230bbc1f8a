import { join } from 'node:path';
import type { KeyService } from '../audit/seal.ts';
import type { Signer, SigningKey } from '../protocol/keys.ts';
import type { Bundle, KeyRole } from '../protocol/trust.ts';
import type { Clock, Random } from './clock.ts';
import { type Held, type KeyFolder, prepareKeyFolder } from './key-folder.ts';
import { reminder } from './key-ring.ts';
import { localKeyService } from './key-service.ts';
import type { Logger } from './logger.ts';

/** The folder is looked at this often at most (ms), and only when something of it is used. */
export const LOOK_EVERY_MS = 1_000;

/** Everything secret that servers and workers share: which bytes are kept where is in README, “What it keeps, and where”. */
export interface Keys {
  readonly keys: KeyService;
  /** Each signs with the newest key of its role, whichever that is by then. */
  readonly dispatchKey: Signer;
  readonly approveKey: Signer;
  /** Base64url of the public half of the root key. */
  readonly rootKey: string;
  /** The newest trust bundle. */
  readonly bundle: () => Bundle;
  /** What a person has to do about the keys, in a sentence, or null. */
  readonly keyTrouble: () => string | null;
}

/** The keys of a folder, made on first use; changed keys are taken up while this process runs. */
export function openKeyFolder(path: string, random: Random, clock: Clock, logger: Logger): Keys {
  const live = new LiveKeys(prepareKeyFolder(path, random, clock.now()), clock, logger);
  return {
    keys: localKeyService(join(path, 'master.key'), random),
    dispatchKey: live.signer('dispatch'),
    approveKey: live.signer('approve'),
    rootKey: live.folder.root.publicKey,
    bundle: () => live.look().held,
    keyTrouble: () => live.look().trouble,
  };
}

/** What a folder holds, as of the last look. A look that fails changes nothing and is told. */
class LiveKeys {
  readonly folder: KeyFolder;
  readonly #clock: Clock;
  readonly #logger: Logger;
  held: Held;
  signing: Readonly<Record<KeyRole, SigningKey>>;
  trouble: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(folder: KeyFolder, clock: Clock, logger: Logger) {
    this.folder = folder;
    this.#clock = clock;
    this.#logger = logger;
    this.held = folder.newest();
    this.signing = signersOf(folder, this.held);
    this.look();
  }

  look(): this {
    const now = this.#clock.now();
    if (Math.abs(now - this.#lookedAt) < LOOK_EVERY_MS) return this;
    this.#lookedAt = now;
    const trouble = this.#lookInto(now) ?? reminder(this.held.ring, this.folder.hasRoot, now);
    if (trouble !== null && trouble !== this.trouble) this.#logger.warn(trouble);
    this.trouble = trouble;
    return this;
  }

  /** Its key is chosen when its id is asked for, and signs until that is asked again: a signature and its id are of one key. */
  signer(role: KeyRole): Signer {
    let key = this.signing[role];
    const choose = () => {
      key = this.look().signing[role];
      return key.keyId;
    };
    return {
      get keyId() {
        return choose();
      },
      sign: (bytes) => key.sign(bytes),
    };
  }

  /** Takes up what is newer, and sees to it that there is a newer one in time. Says what went wrong, or null. */
  #lookInto(now: number): string | null {
    try {
      this.#takeUp();
      this.folder.renewWhenDue(this.held, now);
      this.#takeUp();
      return null;
    } catch (error) {
      return `The folder of keys could not be looked at or renewed, so the keys stay as they are: ${error instanceof Error ? error.message : error}`;
    }
  }

  #takeUp(): void {
    const { folder } = this;
    if (folder.version() <= this.held.version) return;
    const newest = folder.newest();
    this.signing = signersOf(folder, newest);
    this.held = newest;
  }
}

const signersOf = (folder: KeyFolder, { ring }: Held) => ({
  dispatch: folder.signer(ring, 'dispatch'),
  approve: folder.signer(ring, 'approve'),
});
