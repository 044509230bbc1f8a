import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts';

export interface TlsPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A self-signed certificate is valid this long; a local instance makes a new one well before. */
const VALID_DAYS = 397;
const DAY_MS = 86_400_000;

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
/** digitalSignature (bit 0) and keyCertSign (bit 5); two bits are unused (RFC 5280, 4.2.1.3). */
const SIGN_AND_CERTIFY = bits(Buffer.from([0b1000_0100]), 2);

/**
 * Makes an ECDSA P-256 certificate that is its own authority, for a local instance: agents pin exactly it.
 * `hostnames` are DNS names or IP addresses, at least one; `now` is in ms since 1970.
 */
export function selfSigned(hostnames: readonly string[], now: number): TlsPair {
  const [first] = hostnames;
  if (first === undefined) throw new RangeError('A certificate needs at least one host name.');
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' });
  const serial = createHash('sha256').update(publicKey).digest().subarray(0, 16);
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8(first))));
  const body = sequence(
    tagged(0, true, integer(2)),
    integer(1, ...serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now - DAY_MS), time(now + VALID_DAYS * DAY_MS)),
    name,
    publicKey,
    tagged(3, true, extensions(hostnames)),
  );
  const signature = sign('sha256', body, keys.privateKey);
  return {
    certPem: pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, bits(signature))),
    keyPem: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function extensions(hostnames: readonly string[]): Buffer {
  return sequence(
    sequence(oid(BASIC_CONSTRAINTS), yes, octets(sequence(yes, integer(0)))),
    sequence(oid(KEY_USAGE), yes, octets(SIGN_AND_CERTIFY)),
    sequence(oid(EXTENDED_KEY_USAGE), octets(sequence(oid(SERVER_AUTH)))),
    sequence(oid(SUBJECT_ALTERNATIVE_NAME), octets(sequence(...hostnames.map(alternativeName)))),
  );
}

function alternativeName(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return tagged(7, false, Buffer.from(host.split('.').map(Number)));
    case 6:
      return tagged(7, false, ipv6Bytes(host));
    default:
      return tagged(2, false, Buffer.from(host, 'ascii'));
  }
}

/** The 16 bytes of an IPv6 address without a dotted tail. */
function ipv6Bytes(host: string): Buffer {
  const [left = [], right = []] = host
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
