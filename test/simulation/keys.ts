import { createHash } from 'node:crypto';
import {
  type Bundle,
  generateKey,
  loadVerifyKey,
  MAX_BUNDLE_LIFE_MS,
  openTrust,
  type Signer,
  type SigningKey,
  signRecord,
  type Trust,
  type VerifyKey,
} from '../../src/protocol/index.ts';
import { BEGINNING } from './clock.ts';
import type { Timeline } from './timeline.ts';

const made = new Map<string, SigningKey>();

/** The same name gives the same key in every simulation. */
export function keyOf(name: string): SigningKey {
  const key = made.get(name) ?? generateKey(() => createHash('sha256').update(`simulation ${name}`).digest());
  made.set(name, key);
  return key;
}

const root = keyOf('root');
const [dispatch1, dispatch2] = [keyOf('dispatch 1'), keyOf('dispatch 2')];
const [approve1, approve2] = [keyOf('approve 1'), keyOf('approve 2')];

interface Stage {
  readonly dispatch: SigningKey;
  readonly approve: SigningKey;
  readonly bundle: Bundle;
}

function stage(version: number, dispatch: SigningKey[], approve: SigningKey[], revoked: SigningKey[]): Stage {
  const named = (keys: SigningKey[]) =>
    keys.map(({ keyId, publicKey }) => ({ key_id: keyId, public_key: publicKey }));
  const signed = signRecord(
    'bundle',
    {
      v: 1,
      typ: 'bundle',
      version,
      iat: BEGINNING - 86_400_000,
      exp: BEGINNING - 86_400_000 + MAX_BUNDLE_LIFE_MS,
      dispatch: named(dispatch),
      approve: named(approve),
      revoked: revoked.map(({ keyId }) => keyId),
    },
    root,
  );
  const newest = (keys: SigningKey[]) => keys.at(-1) ?? root;
  return { dispatch: newest(dispatch), approve: newest(approve), bundle: { version, signed } };
}

const FIRST = stage(1, [dispatch1], [approve1], []);
/** A rotation: the first keys, then both beside each other, then the first ones count no more. */
const STAGES: readonly Stage[] = [
  FIRST,
  stage(2, [dispatch1, dispatch2], [approve1, approve2], []),
  stage(3, [dispatch1, dispatch2], [approve1, approve2], [dispatch1, approve1]),
];

function loaded(key: SigningKey): VerifyKey {
  const result = loadVerifyKey(key.publicKey);
  if (!result.ok) throw new Error(result.sentence);
  return result.key;
}

export const rootKey: VerifyKey = loaded(root);

function trusted(bundle: Bundle): Trust {
  const opened = openTrust(bundle.signed, rootKey);
  if (!opened.ok) throw new Error(opened.sentence);
  return opened.trust;
}

/** What an agent is enrolled with. */
export const firstTrust: Trust = trusted(FIRST.bundle);

/** The keys as one program of the service has them. */
export interface Keys {
  readonly dispatchKey: Signer;
  readonly approveKey: Signer;
  readonly bundle: () => Bundle;
}

/** The keys of the service, which are rotated while everything runs. */
export class KeyRing {
  readonly #timeline: Timeline;
  /** When each stage began, in ms of virtual time. */
  readonly #since: number[] = [0];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Goes on to the next keys. False when there are none. */
  rotate(): boolean {
    if (this.#since.length === STAGES.length) return false;
    this.#since.push(this.#timeline.now);
    return true;
  }

  /** The keys as a program has them that looks at the folder every `lag` ms. */
  seenBy(lag: number): Keys {
    const now = (): Stage => {
      const at = this.#since.findLastIndex((since) => since === 0 || since + lag <= this.#timeline.now);
      const stage = STAGES[at];
      if (stage === undefined) throw new RangeError('There is no such stage of the rotation.');
      return stage;
    };
    const signer = (role: 'dispatch' | 'approve'): Signer => ({
      get keyId() {
        return now()[role].keyId;
      },
      sign: (bytes) => now()[role].sign(bytes),
    });
    return { dispatchKey: signer('dispatch'), approveKey: signer('approve'), bundle: () => now().bundle };
  }
}
