import { parseStatement } from '../../../src/attest';
import { parsePolicyFile } from '../../../src/audit/policy-file';
import { fetchedImages } from '../../../src/build/dockerfile';
import { IgnoreRules, readRules } from '../../../src/build/ignore';
import { parseInspect } from '../../../src/build/image-config';
import { OCI_INDEX, OCI_MANIFEST, parseJsonObject, parseManifest } from '../../../src/oci';
import { parseErrors } from '../../../src/oci/answer';
import { parseChallenges } from '../../../src/oci/challenge';
import { dockerConfigCredentials } from '../../../src/oci/docker-config';
import { grants } from '../../../src/oci/token-request';
import { normalizePem, pemFault } from '../../../src/host/pem-text';
import { parseIdentityToken, parseEncryptedKey, parseTrustedRoot } from '../../../src/sign';
import { certificateDer, parseSimpleSigning, Timestamp } from '../../../src/storage';
import { boundedBundle } from '../../../src/storage/bounded-bundle';
import { bundleOfEnvelope, bundleOfPayload } from '../../../src/storage/legacy-layer';
import { parseLegacyManifest } from '../../../src/storage/legacy-manifest';
import { statusText } from '../../../src/key/kubernetes/cluster-failure';
import { certificateIdentity } from '../../../src/sigstore/certificate-identity';
import { certificateBinding, challengeOf } from '../../../src/sigstore/token-claims';
import { loggedVerifier } from '../../../src/verify/log-entry-key';
import { readSignerCertificate } from '../../../src/verify/signer-certificate';
import { DER_EXCESS, type Excess, JSON_EXCESS, TEXT_EXCESS } from './documents';

/** One parser of untrusted input, with the maximum size of its input. */
export interface Parser {
  readonly name: string;
  readonly bytes: number;
  readonly parse: (input: Buffer) => unknown;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const HEADERS = {} as const;

const answer = (status: number, body: Buffer) => ({
  status,
  headers: HEADERS,
  body,
  url: new URL('https://registry.example/v2/'),
});

const tokenOf = (claims: Buffer): string => `e30.${claims.toString('base64url')}.AAAA`;

/** Parsers of JSON. For most the HTTP client limits the size of the input. */
export const JSON_PARSERS: readonly Parser[] = [
  { name: 'a document', bytes: 4 * MIB, parse: (body) => parseJsonObject(body, 'a document') },
  { name: 'a manifest', bytes: 1 * MIB, parse: (body) => parseManifest(body, OCI_MANIFEST) },
  { name: 'an index', bytes: 1 * MIB, parse: (body) => parseManifest(body, OCI_INDEX) },
  {
    name: 'a manifest of legacy signatures',
    bytes: 1 * MIB,
    parse: (body) => parseLegacyManifest(body, OCI_MANIFEST),
  },
  {
    name: 'errors of a registry',
    bytes: 64 * KIB,
    parse: (body) => parseErrors(answer(400, body)),
  },
  { name: 'a statement', bytes: 2 * MIB, parse: parseStatement },
  { name: 'a signed payload', bytes: 2 * MIB, parse: parseSimpleSigning },
  { name: 'an envelope', bytes: 2 * MIB, parse: (body) => bundleOfEnvelope(body, {}) },
  {
    name: 'a log entry of a legacy layer',
    bytes: 1 * MIB,
    parse: (body) =>
      bundleOfPayload(Buffer.from('x'), {
        'dev.cosignproject.cosign/signature': 'AAAA',
        'dev.sigstore.cosign/bundle': body.toString('latin1'),
      }),
  },
  {
    name: 'a bundle',
    bytes: 2 * MIB,
    parse: (body) => boundedBundle(parseJsonObject(body, 'a bundle')),
  },
  {
    name: 'the body of a log entry',
    bytes: 1 * MIB,
    parse: (body) =>
      loggedVerifier({
        canonicalizedBody: body,
        kindVersion: { kind: 'dsse', version: '0.0.1' },
      } as unknown as Parameters<typeof loggedVerifier>[0]),
  },
  { name: 'a trusted root', bytes: 1 * MIB, parse: (body) => parseTrustedRoot(String(body)) },
  { name: 'a policy of an audit', bytes: 1 * MIB, parse: (body) => parsePolicyFile(String(body)) },
  {
    name: 'what docker inspect prints',
    bytes: 1 * MIB,
    parse: (body) => parseInspect(String(body)),
  },
  {
    name: 'an identity token',
    bytes: 48 * KIB,
    parse: (body) => parseIdentityToken(tokenOf(body), { now: () => new Date() }),
  },
  {
    name: 'the subject of a token',
    bytes: 1 * MIB,
    parse: (body) => challengeOf(tokenOf(body)),
  },
  {
    name: 'the claims of a token',
    bytes: 1 * MIB,
    parse: (body) => certificateBinding([], tokenOf(body)),
  },
  {
    name: 'the rights in a token',
    bytes: 1 * MIB,
    parse: (body) => grants(tokenOf(body), 'team/app', 'push'),
  },
  { name: 'an encrypted key', bytes: 1 * MIB, parse: parseEncryptedKey },
  { name: 'a status of Kubernetes', bytes: 1 * MIB, parse: (body) => statusText(String(body)) },
  ...(['the logins in a file', 'the answer of a credential helper'] as const).map(
    (name, at): Parser => ({
      name,
      bytes: 1 * MIB,
      parse: (body) =>
        dockerConfigCredentials({
          env: { HOME: '/home/user' },
          readFile: async () => (at === 0 ? String(body) : '{"credsStore":"x"}'),
          runHelper: async () => ({ exitCode: 0, stdout: String(body) }),
        })({ registry: 'registry.example', path: 'team/app' }),
    }),
  ),
];

/** Parsers of lines, words and PEM. */
export const TEXT_PARSERS: readonly Parser[] = [
  {
    name: 'a Dockerfile',
    bytes: 128 * KIB,
    parse: (text) => fetchedImages(String(text), { args: {} }),
  },
  {
    name: 'an ignore file',
    bytes: 128 * KIB,
    parse: (file) => new IgnoreRules(readRules(file)).match('a/b/c/Dockerfile'),
  },
  { name: 'PEM', bytes: 1 * MIB, parse: (text) => pemFault(normalizePem(String(text))) },
  { name: 'a certificate in PEM', bytes: 1 * MIB, parse: (text) => certificateDer(String(text)) },
  {
    name: 'who a certificate in PEM is for',
    bytes: 1 * MIB,
    parse: (text) => certificateIdentity(String(text)),
  },
  {
    name: 'a challenge',
    bytes: 16 * KIB,
    parse: (text) => parseChallenges(String(text)),
  },
];

/** Parsers of DER, with the limit for bundles (`boundedBundle`). */
export const DER_PARSERS: readonly Parser[] = [
  { name: 'a certificate', bytes: 256 * KIB, parse: readSignerCertificate },
  { name: 'a timestamp', bytes: 256 * KIB, parse: (der) => Timestamp.parse(der) },
];

interface Case {
  readonly title: string;
  readonly parser: Parser;
  readonly input: () => Buffer;
}

const cases = (parsers: readonly Parser[], kinds: readonly Excess[]): readonly Case[] =>
  parsers.flatMap((parser) =>
    kinds.map(({ name, text }) => ({
      title: `${parser.name}: ${name}`,
      parser,
      input: () => Buffer.from(text(parser.bytes)),
    })),
  );

export const CASES: readonly Case[] = [
  ...cases(JSON_PARSERS, JSON_EXCESS),
  ...cases(TEXT_PARSERS, TEXT_EXCESS),
  ...DER_PARSERS.flatMap((parser) =>
    Object.entries(DER_EXCESS).map(([name, make]) => ({
      title: `${parser.name}: ${name}`,
      parser,
      input: () => make(parser.bytes),
    })),
  ),
];
