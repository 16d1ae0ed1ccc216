import { type Service, SigningConfig, type TrustedRoot } from '@sigstore/protobuf-specs';

import { SignedImageError, asSignedImageError, messageOf } from '../error';
import type { Host } from '../host/host';
import { serviceUrlFault } from '../http/service-url';
import { type JsonKind, parseJsonSource, readJsonSource } from './json-source';
import { parseTrustedRoot } from './trusted-root-json';

/** https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto */
export const SIGNING_CONFIG_MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';
export const CLIENT_TRUST_CONFIG_MEDIA_TYPE =
  'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json';

const SIGNING_CONFIG: JsonKind = {
  name: 'signing config',
  file: 'signing_config.json',
  code: 'INPUT_INVALID',
};
const CLIENT_TRUST_CONFIG: JsonKind = {
  name: 'client trust config',
  file: 'client trust config',
  code: 'INPUT_INVALID',
};

type Json = Readonly<Record<string, unknown>>;

function invalid({ name, code }: JsonKind, fault: string): SignedImageError {
  return new SignedImageError({ code, message: `the ${name} is not valid: ${fault}` });
}

function checkMediaType(json: Json, expected: string, kind: JsonKind): void {
  const found = json['mediaType'];
  if (found === expected) return;
  const quoted = typeof found === 'string' ? `"${found.slice(0, 100)}"` : 'missing';
  throw invalid(kind, `its mediaType is ${quoted} and must be "${expected}"`);
}

const LISTS = [
  { name: 'caUrls', carriesSecret: true },
  { name: 'oidcUrls', carriesSecret: true },
  { name: 'rekorTlogUrls', carriesSecret: false },
  { name: 'tsaUrls', carriesSecret: false },
] as const;

function checkService({ url, validFor }: Service, path: string, carriesSecret: boolean): void {
  const fault = serviceUrlFault(url, { carriesSecret });
  if (fault !== undefined) throw invalid(SIGNING_CONFIG, `${path}.url ${fault}`);
  for (const date of [validFor?.start, validFor?.end]) {
    if (date !== undefined && Number.isNaN(date.getTime())) {
      throw invalid(SIGNING_CONFIG, `${path}.validFor has no valid date`);
    }
  }
}

function signingConfigOf(json: Json): SigningConfig {
  checkMediaType(json, SIGNING_CONFIG_MEDIA_TYPE, SIGNING_CONFIG);
  let config: SigningConfig;
  try {
    config = SigningConfig.fromJSON(json);
  } catch (error) {
    throw invalid(SIGNING_CONFIG, messageOf(error));
  }
  for (const { name, carriesSecret } of LISTS) {
    config[name].forEach((service, index) =>
      checkService(service, `${name}[${index}]`, carriesSecret),
    );
  }
  return config;
}

/**
 * Loads a signing config, which lists the services for signing, from JSON text or from a file.
 *
 * @throws SignedImageError `INPUT_INVALID`, without a property
 */
export async function loadSigningConfig(
  source: string,
  host: Pick<Host, 'readFile'>,
): Promise<SigningConfig> {
  const text = await readJsonSource(source, SIGNING_CONFIG, host);
  return signingConfigOf(parseJsonSource(text, SIGNING_CONFIG));
}

/** Everything that a client of one Sigstore instance needs. */
export interface ClientTrust {
  readonly signingConfig: SigningConfig;
  readonly trustedRoot: TrustedRoot;
}

function memberOf(json: Json, name: string): Json {
  const member = json[name];
  if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
    return member as Json;
  }
  throw invalid(CLIENT_TRUST_CONFIG, `its ${name} is missing`);
}

/**
 * Loads a client trust config: signing config and trusted root in one file.
 *
 * @throws SignedImageError `INPUT_INVALID` or `TRUSTED_ROOT_INVALID`, without a property
 */
export async function loadClientTrust(
  source: string,
  host: Pick<Host, 'readFile'>,
): Promise<ClientTrust> {
  const text = await readJsonSource(source, CLIENT_TRUST_CONFIG, host);
  const json = parseJsonSource(text, CLIENT_TRUST_CONFIG);
  checkMediaType(json, CLIENT_TRUST_CONFIG_MEDIA_TYPE, CLIENT_TRUST_CONFIG);
  const root = memberOf(json, 'trustedRoot');
  const signingConfig = signingConfigOf(memberOf(json, 'signingConfig'));
  try {
    return { signingConfig, trustedRoot: parseTrustedRoot(JSON.stringify(root)) };
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'TRUSTED_ROOT_INVALID',
      message: 'the trusted root of the client trust config cannot be read',
    });
  }
}
