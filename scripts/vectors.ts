/**
 * Makes test/protocol/vectors.json: what every verifier of the signed records has to answer alike, in whatever language.
 * `tsx scripts/vectors.ts` writes the file; a test fails when the file is not what this makes. Nothing else writes it: a
 * vector that changes is a change of the protocol, and somebody has to mean it.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { frame, RECORD_TYPES, type RecordType } from '../src/protocol/framing.ts';
import {
  execSha256,
  fromBase64url,
  type SigningKey,
  signRecord,
  toBase64url,
} from '../src/protocol/index.ts';
import { MAX_PAYLOAD_BYTES, type Signed, signPayload } from '../src/protocol/signed.ts';
import {
  agentKey,
  approvalFor,
  approveKey,
  bash,
  bundleWith,
  declarationFor,
  dispatchKey,
  HASH,
  jobWith,
  keyFrom,
  leaseWith,
  NONCE,
  resumeOf,
  riskyJob,
  rootKey,
  signJob,
  T0,
} from '../test/agent/world.ts';
import {
  BASE,
  challengeOf,
  encode,
  L,
  P,
  pointAt,
  scalarOf,
  smallOrderPoints,
  times,
  toBytes,
  toInteger,
} from '../test/support/edwards.ts';

export const FILE = fileURLToPath(new URL('../test/protocol/vectors.json', import.meta.url));

/** Bytes are hex here and base64url in records. */
interface KeyVector {
  readonly name: string;
  readonly publicKey: string;
  /** Whether a verifier takes these bytes as somebody's key. */
  readonly usable: boolean;
}
interface SignatureVector {
  readonly name: string;
  /** Of the key that signs `message` to exactly `signature`; only where it is published. */
  readonly seed?: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly good: boolean;
}
interface RecordVector {
  readonly name: string;
  readonly type: RecordType;
  /** The only key that may sign this type. */
  readonly publicKey: string;
  readonly keyId: string;
  readonly payload: string;
  readonly sig: string;
  /** `ok`, or the first thing that is wrong: in this order the key id, the signature, the size, the form. */
  readonly opens: 'ok' | 'key' | 'signature' | 'size' | 'parse';
}
export interface Vectors {
  readonly publicKeys: readonly KeyVector[];
  readonly signatures: readonly SignatureVector[];
  readonly records: readonly RecordVector[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (signed: Signed): string => new TextDecoder().decode(signed.payload);
const rawOf = (key: SigningKey): Uint8Array => fromBase64url(key.publicKey) ?? new Uint8Array();
const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

function publicKeys(): KeyVector[] {
  const SIGN = 1n << 255n;
  const both = (y: bigint) => [toBytes(y), toBytes(y | SIGN)];
  const tooLarge = Array.from({ length: 19 }, (_, n) => P + BigInt(n));
  const offCurve = [2n, 7n, 8n].filter((y) => pointAt(y) === null);
  const unusable: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a point of small order', smallOrderPoints().map(encode)],
    ['x = 0 with a sign', [toBytes(1n | SIGN), toBytes((P - 1n) | SIGN)]],
    ['y not below p', tooLarge.flatMap(both)],
    ['no point of the curve', offCurve.flatMap(both)],
    [
      'a wrong length',
      [new Uint8Array(), rawOf(dispatchKey).slice(1), new Uint8Array([...rawOf(dispatchKey), 0])],
    ],
  ];
  const usable = [dispatchKey, approveKey, agentKey, rootKey].map(rawOf);
  return [
    ...usable.map((bytes) => ({ name: 'an honest key', publicKey: hex(bytes), usable: true })),
    { name: 'the base point', publicKey: hex(encode(BASE)), usable: true },
    ...unusable.flatMap(([name, all]) =>
      all.map((bytes) => ({ name, publicKey: hex(bytes), usable: false })),
    ),
  ];
}

/** RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc): seed, public key, message, signature. */
const RFC_8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const;

function signatures(): SignatureVector[] {
  const genuine = RFC_8032.map(([seed, publicKey, message, signature], n) => ({
    name: `RFC 8032, section 7.1, number ${n + 1}`,
    seed,
    publicKey,
    message,
    signature,
    good: true,
  }));
  const [seed, publicKey, message, signature] = RFC_8032[2];
  const [key, said, sig] = [publicKey, message, signature].map(unhex) as [Uint8Array, Uint8Array, Uint8Array];
  const [R, S] = [sig.slice(0, 32), sig.slice(32)];
  const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  const identity = toBytes(1n);
  /** A signature that is good but for the spelling of its R, the identity point with y = p + 1. */
  const oddR = toBytes(P + 1n);
  const oddS = toBytes((challengeOf(oddR, key, said) * scalarOf(unhex(seed))) % L);
  const forged: readonly (readonly [string, Uint8Array, Uint8Array, Uint8Array])[] = [
    ['another message', key, utf8('another'), sig],
    ['a message that is one bit off', key, flipped(said, 1), sig],
    ['another key', unhex(RFC_8032[0][1]), said, sig],
    ['an R that is one bit off', key, said, flipped(sig, 0)],
    ['an S that is one bit off', key, said, flipped(sig, 32)],
    ['S + L', key, said, join(R, toBytes(toInteger(S) + L))],
    ['S + 8 L', key, said, join(R, toBytes(toInteger(S) + 8n * L))],
    ['S and R exchanged', key, said, join(S, R)],
    ['an R of zeros', key, said, join(new Uint8Array(32), S)],
    ['an S of zeros', key, said, join(R, new Uint8Array(32))],
    ['zeros', key, said, new Uint8Array(64)],
    ['ones', key, said, new Uint8Array(64).fill(255)],
    ['nothing', key, said, new Uint8Array()],
    ['a signature cut by a byte', key, said, sig.slice(0, 63)],
    ['a signature longer by a byte', key, said, join(sig, new Uint8Array(1))],
    ['a signature twice', key, said, join(sig, sig)],
    ['an R that is not the one encoding of its point', key, said, join(oddR, oddS)],
    ['the identity point as key, which fits any message', identity, said, join(identity, new Uint8Array(32))],
    ['the identity point spelled with p + 1 as key', oddR, said, join(identity, new Uint8Array(32))],
    ...smallOrderPoints().map(
      (point) =>
        [
          'a key of small order',
          encode(point),
          said,
          join(encode(times(3n, point)), new Uint8Array(32)),
        ] as const,
    ),
  ];
  return [
    ...genuine,
    ...forged.map(([name, k, m, s]) => ({
      name,
      publicKey: hex(k),
      message: hex(m),
      signature: hex(s),
      good: false,
    })),
  ];
}

const OWNERS: Readonly<Record<RecordType, SigningKey>> = {
  job: dispatchKey,
  approval: approveKey,
  resume: approveKey,
  declaration: approveKey,
  bundle: rootKey,
  lease: dispatchKey,
  hello: agentKey,
  report: agentKey,
};

const hello = signRecord(
  'hello',
  {
    v: 1,
    typ: 'hello',
    agentId: 'agent-1',
    tenantId: 'T1',
    agentEpoch: 1,
    nonce: NONCE,
    leaseNonce: NONCE,
    seqMark: 7,
    leaseEpoch: 3,
    bundleVersion: 1,
    journalHead: HASH,
    panicEpoch: 0,
    paused: false,
    pausedBecause: '',
    policySha256: HASH,
    rulesetVersion: '1',
    rulesetSha256: HASH,
    version: '1',
    hostName: 'host-1.example',
    profiles: [{ name: 'default', digest: HASH }],
  },
  agentKey,
);

const about = { runId: 'run-1', stepId: 's1', attempt: 1, envelopeId: 'envelope-1' };
const finished = signRecord(
  'report',
  {
    kind: 'finished',
    ...about,
    exitCode: 3,
    signal: null,
    timedOut: false,
    head: 'Grüße, 世界 🎉\n\u2028"\\',
    tail: '',
    bytes: 27,
    sha256: HASH,
    startedAt: T0,
    finishedAt: T0 + 1,
  },
  agentKey,
);

/** One good record of each type. */
const GOOD: Readonly<Record<RecordType, Signed>> = {
  job: signJob(riskyJob('danger', { exec: bash('kubectl delete pod web-1', { DD0C_RUN: 'run-1' }) })),
  approval: approvalFor(riskyJob('danger')),
  resume: resumeOf(3),
  declaration: declarationFor(jobWith(), ['cloudctl-status', 'cloudctl-top']),
  bundle: bundleWith(),
  lease: leaseWith(),
  hello,
  report: finished,
};

/** Each replaces the first of two texts in the good record by the second; the signature is right all the same. */
const SPOILED: Readonly<Record<RecordType, readonly (readonly [string, string, string])[]>> = {
  job: [
    ['a space', '"attempt":1', '"attempt": 1'],
    ['a doubled key with the same value', '"attempt":1', '"attempt":1,"attempt":1'],
    ['a doubled key with another value', '"attempt":1', '"attempt":2,"attempt":1'],
    ['an unknown key', '"attempt":1', '"attempt":1,"bonus":1'],
    ['an unknown key inside', '"mode":"bash"', '"mode":"bash","shell":"/bin/sh"'],
    ['__proto__ as a key', '"env":{', '"env":{"__proto__":"x",'],
    ['a missing key', '"attempt":1,', ''],
    ['a missing key inside', '"kill_grace_ms":200,', ''],
    ['null for a value', '"attempt":1', '"attempt":null'],
    ['a float', '"attempt":1', '"attempt":1.5'],
    ['an integer written as a float', '"attempt":1', '"attempt":1.0'],
    ['an exponent', '"attempt":1', '"attempt":1e0'],
    ['a leading zero', '"attempt":1', '"attempt":01'],
    ['minus zero', '"panic_epoch":0', '"panic_epoch":-0'],
    ['a negative number', '"panic_epoch":0', '"panic_epoch":-1'],
    ['an integer of 2^53', '"seq":1', '"seq":9007199254740992'],
    ['an integer that rounds to 2^53', '"seq":1', '"seq":9007199254740993'],
    ['a number as a string', '"seq":1', '"seq":"1"'],
    ['true for a number', '"seq":1', '"seq":true'],
    ['a needless escape', '"run-1"', '"\\u0072un-1"'],
    ['half a surrogate pair', '"run-1"', '"\\ud800"'],
    ['a comment', '"attempt":1', '"attempt":1/**/'],
    ['a comma at the end', '"ruleset_version":"1"}', '"ruleset_version":"1",}'],
    ['no hash of the rules', `"ruleset_sha256":"${HASH}",`, ''],
    ['a hash of the rules that is none', `"ruleset_sha256":"${HASH}"`, '"ruleset_sha256":"1"'],
    ['another version', '"v":1', '"v":2'],
    ['another typ', '"typ":"job"', '"typ":"approval"'],
    ['an unknown mode', '"mode":"bash"', '"mode":"zsh"'],
    ['an unknown kind of step', '"forward"', '"sideways"'],
    ['an unknown risk', '"risk":"danger"', '"risk":"harmless"'],
    ['an unknown rule', '"rule":"other-than-requester"', '"rule":"none"'],
    ['an attempt of zero', '"attempt":1', '"attempt":0'],
    ['a lease epoch of zero', '"lease_epoch":1', '"lease_epoch":0'],
    ['a relative directory', '"cwd":"/"', '"cwd":"tmp"'],
    ['a NUL in the directory', '"cwd":"/"', '"cwd":"/\\u0000"'],
    ['a life of more than 300 s', `"exp":${T0 + 300_000}`, `"exp":${T0 + 300_001}`],
    ['an end before the beginning', `"exp":${T0 + 300_000}`, `"exp":${T0}`],
    ['padding in base64url', `"nonce":"${NONCE}"`, `"nonce":"${NONCE}=="`],
    ['loose bits in base64url', `"nonce":"${NONCE}"`, `"nonce":"${NONCE.slice(0, -1)}x"`],
    ['the other base64 alphabet', `"nonce":"${NONCE}"`, `"nonce":"+/${NONCE.slice(2)}"`],
    ['a nonce of 15 bytes', `"nonce":"${NONCE}"`, `"nonce":"${NONCE.slice(0, 20)}"`],
    ['a NUL in the command', commandOf('kubectl delete pod web-1'), '"command_b64":"ZWNobwBoaQ"'],
    ['a command that is no UTF-8', commandOf('kubectl delete pod web-1'), '"command_b64":"ZWNob_8"'],
    ['an empty command', commandOf('kubectl delete pod web-1'), '"command_b64":""'],
    ['an environment name with a dash', '"DD0C_RUN":', '"DD0C-RUN":'],
    ['an environment name of a function', '"DD0C_RUN":', '"BASH_FUNC_ls%%":'],
    ['an id with a newline', '"run_id":"run-1"', '"run_id":"run\\n1"'],
    ['an id with a letter outside of ASCII', '"run_id":"run-1"', '"run_id":"rün-1"'],
    ['a hash in capitals', `"runbook_sha256":"${HASH}"`, `"runbook_sha256":"${HASH.toUpperCase()}"`],
    ['a timeout of more than a day', '"timeout_ms":10000', '"timeout_ms":86400001'],
  ],
  approval: [
    ['an unknown key', '"attempt":1', '"attempt":1,"bonus":1'],
    ['a missing key', '"attempt":1,', ''],
    ['an outcome before the first attempt', '"after":""', '"after":"unknown"'],
    ['no outcome before the second attempt', '"attempt":1', '"attempt":2'],
    ['an unknown outcome', '"after":""', '"after":"finished"'],
    ['another decision', '"decision":"approve"', '"decision":"reject"'],
    ['an unknown kind of force', '"forced":""', '"forced":"boss"'],
    ['danger for more than 15 minutes', `"start_by":${T0 + 600_000}`, `"start_by":${T0 + 900_001}`],
    ['an end before the beginning', `"start_by":${T0 + 600_000}`, `"start_by":${T0}`],
    ['another typ', '"typ":"approval"', '"typ":"job"'],
  ],
  resume: [
    ['an unknown key', '"panic_epoch":3', '"bonus":1,"panic_epoch":3'],
    ['a missing key', '"panic_epoch":3,', ''],
    ['nobody', '"by":["U1"]', '"by":[]'],
    ['nine people', '"by":["U1"]', `"by":[${Array(9).fill('"U1"').join()}]`],
    ['a negative epoch', '"panic_epoch":3', '"panic_epoch":-3'],
  ],
  declaration: [
    ['an unknown key', '"attempt":1', '"attempt":1,"bonus":1'],
    ['a missing key', `"exec_sha256":"${execSha256(bash('echo hello'))}",`, ''],
    ['a version of zero', '"version":1', '"version":0'],
    ['a path for a name', '"name":"cloudctl-top"', '"name":"/bin/cloudctl-top"'],
    ['a path upwards for a name', '"name":"cloudctl-top"', '"name":"../cloudctl-top"'],
    ['a look-alike of a letter in a name', '"name":"cloudctl-top"', '"name":"cl\u043eudctl-top"'],
    ['a name of 65 characters', '"name":"cloudctl-top"', `"name":"d${'x'.repeat(64)}"`],
    ['names out of order', '"name":"cloudctl-top"', '"name":"a-top"'],
    ['a name twice', '"name":"cloudctl-top"', '"name":"cloudctl-status"'],
    ['one person', '"by":["U1","U2"]', '"by":["U1"]'],
    ['one person twice', '"by":["U1","U2"]', '"by":["U1","U1"]'],
    ['nobody', '"by":["U1","U2"]', '"by":[]'],
    ['two people of whom one was forced to do both', '"forced":""', '"forced":"solo"'],
    ['a life of more than 300 s', `"exp":${T0 + 300_000}`, `"exp":${T0 + 300_001}`],
    ['another typ', '"typ":"declaration"', '"typ":"approval"'],
  ],
  bundle: [
    ['an unknown role', '"dispatch":', '"deploy":[],"dispatch":'],
    ['a missing key', '"revoked":[],', ''],
    ['a version of zero', '"version":1', '"version":0'],
    ['a life of more than 30 days', `"exp":${T0 + 2_592_000_000}`, `"exp":${T0 + 2_592_000_001}`],
    ['a key id that is too short', dispatchKey.keyId, dispatchKey.keyId.slice(1)],
  ],
  lease: [
    ['an unknown key', '"now":', '"bonus":1,"now":'],
    ['a missing key', '"seq_mark":0,', ''],
    ['more than 10 s', '"ttl_ms":10000', '"ttl_ms":10001'],
    ['no time at all', '"ttl_ms":10000', '"ttl_ms":0'],
    ['an epoch of zero', '"lease_epoch":1', '"lease_epoch":0'],
    ['an empty nonce', `"nonce":"${NONCE}"`, '"nonce":""'],
  ],
  hello: [
    ['an unknown key', '"hostName":', '"bonus":1,"hostName":'],
    ['a missing key', '"seqMark":7,', ''],
    ['an empty nonce for the lease', `"leaseNonce":"${NONCE}"`, '"leaseNonce":""'],
    ['a bundle version of zero', '"bundleVersion":1', '"bundleVersion":0'],
  ],
  report: [
    ['an unknown key', '"head":', '"bonus":1,"head":'],
    ['a missing key', '"bytes":27,', ''],
    ['a kind nobody knows', '"kind":"finished"', '"kind":"done"'],
    ['an exit code and a signal', '"signal":null', '"signal":"SIGKILL"'],
    ['neither an exit code nor a signal', '"exitCode":3', '"exitCode":null'],
    ['an exit code that is no integer', '"exitCode":3', '"exitCode":3.5'],
  ],
};

function commandOf(command: string): string {
  return `"command_b64":"${toBase64url(utf8(command))}"`;
}

/** Whole payloads that are wrong, signed rightly. */
function wholes(): readonly (readonly [string, Uint8Array])[] {
  const good = textOf(GOOD.job);
  const inId = (...bytes: readonly number[]) => {
    const at = good.indexOf('run-1') + 3;
    return new Uint8Array(Buffer.concat([utf8(good.slice(0, at)), Buffer.from(bytes), utf8(good.slice(at))]));
  };
  return [
    ['a byte order mark', utf8(`\ufeff${good}`)],
    ['UTF-16', new Uint8Array(Buffer.from(good, 'utf16le'))],
    ['bytes that are no UTF-8', inId(0xff, 0xfe)],
    ['an overlong encoding', inId(0xc0, 0xaf)],
    ['half a surrogate pair in bytes', inId(0xed, 0xa0, 0x80)],
    ['a newline at the end', utf8(`${good}\n`)],
    ['a zero at the end', utf8(`${good}\0`)],
    ['text after the end', utf8(`${good}{}`)],
    ['an array around it', utf8(`[${good}]`)],
    ['keys in another order', utf8(`{"v":1,${good.slice(1).replace('"v":1,', '')}`)],
    ['nothing', utf8('')],
    ['only null', utf8('null')],
    ['only a number', utf8('1')],
    ['an empty object', utf8('{}')],
    ['deep nesting', utf8('['.repeat(5000))],
    ['a record that ends too soon', utf8(good.slice(0, -1))],
  ];
}

/** Good payloads under signatures that are not what they seem. */
function dressed(): readonly (readonly [string, Signed, RecordVector['opens']])[] {
  const { job } = GOOD;
  const stranger = keyFrom('stranger');
  const signBytes = (bytes: Uint8Array): Signed => ({ ...job, sig: dispatchKey.sign(bytes) });
  const framed = frame('job', job.payload);
  const head = framed.byteLength - job.payload.byteLength - 8;
  const withLength = (length: bigint) => {
    const bytes = Buffer.from(framed);
    bytes.writeBigUInt64BE(length, head);
    return new Uint8Array(bytes);
  };
  return [
    ['signed by a stranger', signJob(jobWith(), stranger), 'key'],
    [
      'signed by a stranger under this key id',
      { ...signJob(jobWith(), stranger), keyId: job.keyId },
      'signature',
    ],
    ['signed by the approval key', signJob(jobWith(), approveKey), 'key'],
    ['a key id in capitals', { ...job, keyId: job.keyId.toUpperCase() }, 'key'],
    ['no key id', { ...job, keyId: '' }, 'key'],
    ['the signature of another record', { ...job, sig: signJob(jobWith({ seq: 2 })).sig }, 'signature'],
    ['signed without a frame', signBytes(job.payload), 'signature'],
    [
      'signed with a length one too small',
      signBytes(withLength(BigInt(job.payload.byteLength - 1))),
      'signature',
    ],
    ['signed with a length of zero', signBytes(withLength(0n)), 'signature'],
    [
      'signed with a length in the other byte order',
      signBytes(withLength(BigInt(job.payload.byteLength) << 48n)),
      'signature',
    ],
    [
      'signed as another version of the frame',
      signBytes(utf8(`dd0c-run/job/v2\0${'\0'.repeat(8)}`)),
      'signature',
    ],
    [
      'signed without the zero after the type',
      signBytes(new Uint8Array([...framed.slice(0, head - 1), ...framed.slice(head)])),
      'signature',
    ],
  ];
}

function records(): RecordVector[] {
  const vector = (
    name: string,
    type: RecordType,
    signed: Signed,
    opens: RecordVector['opens'],
  ): RecordVector => ({
    name: `${type}: ${name}`,
    type,
    publicKey: OWNERS[type].publicKey,
    keyId: signed.keyId,
    payload: toBase64url(signed.payload),
    sig: toBase64url(signed.sig),
    opens,
  });
  const good = RECORD_TYPES.map((type) => vector('as it is signed', type, GOOD[type], 'ok'));
  const swapped = RECORD_TYPES.flatMap((type) =>
    RECORD_TYPES.filter((other) => other !== type).map((other) =>
      vector(`signed as ${other}`, type, signPayload(other, GOOD[type].payload, OWNERS[type]), 'signature'),
    ),
  );
  const presented = RECORD_TYPES.flatMap((type) =>
    RECORD_TYPES.filter((other) => other !== type).map((other) =>
      vector(
        `a ${other} signed as ${type}`,
        type,
        signPayload(type, GOOD[other].payload, OWNERS[type]),
        'parse',
      ),
    ),
  );
  const spoiled = RECORD_TYPES.flatMap((type) =>
    SPOILED[type].map(([name, from, to]) => {
      const text = textOf(GOOD[type]);
      if (!text.includes(from))
        throw new Error(`The vector "${name}" is wrong: ${from} is not in the ${type} record.`);
      return vector(name, type, signPayload(type, utf8(text.replace(from, () => to)), OWNERS[type]), 'parse');
    }),
  );
  const oversize = signPayload('lease', new Uint8Array(MAX_PAYLOAD_BYTES.lease + 1).fill(0x20), dispatchKey);
  return [
    ...good,
    ...swapped,
    ...presented,
    ...spoiled,
    ...wholes().map(([name, payload]) =>
      vector(name, 'job', signPayload('job', payload, dispatchKey), 'parse'),
    ),
    ...dressed().map(([name, signed, opens]) => vector(name, 'job', signed, opens)),
    vector('a byte more than a record of its type may have', 'lease', oversize, 'size'),
  ];
}

/** Everything, always the same. */
export function makeVectors(): Vectors {
  return { publicKeys: publicKeys(), signatures: signatures(), records: records() };
}

/** The file's text: one vector a line. */
export function vectorsText(): string {
  const lists = Object.entries(makeVectors()).map(
    ([name, list]) =>
      `${JSON.stringify(name)}: [\n${list.map((one: object) => JSON.stringify(one)).join(',\n')}\n]`,
  );
  return `{\n${lists.join(',\n')}\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, vectorsText());
