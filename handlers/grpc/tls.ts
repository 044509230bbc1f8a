import 'reflect-metadata'; // @peculiar/x509 looks its parts up through it
import { webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';
import { readOrMake } from '../../src/platform/private-file.ts';

export interface TlsPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A self-signed certificate is valid this long. It is not renewed: agents pin it, so a new one means new invites. */
const VALID_DAYS = 397;
const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * Makes an ECDSA P-256 certificate that is its own authority, for a local instance: agents pin exactly it.
 * `hostnames` are DNS names or IP addresses, at least one; `now` is in ms since 1970.
 */
export async function selfSigned(hostnames: readonly string[], now: number): Promise<TlsPair> {
  const [first] = hostnames;
  if (first === undefined) throw new RangeError('A certificate needs at least one host name.');
  x509.cryptoProvider.set(webcrypto as Crypto);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${first}`,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hostnames.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certPem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

const pairSchema = z.strictObject({ certPem: z.string(), keyPem: z.string() });

/** The gateways' certificate in a private file: made once, because agents pin it, and the same for every gateway. */
export async function keptCertificate(
  file: string,
  hostnames: readonly string[],
  now: number,
): Promise<TlsPair> {
  const made = JSON.stringify(existsSync(file) ? null : await selfSigned(hostnames, now));
  return pairSchema.parse(JSON.parse(readOrMake(file, () => made)));
}
