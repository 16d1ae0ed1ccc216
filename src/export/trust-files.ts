import { TrustedRoot } from '@sigstore/protobuf-specs';

import type { VerificationPolicyArgs } from '../core/policy-args';
import type { SigningHost } from '../sign';
import {
  CLIENT_TRUST_CONFIG_MEDIA_TYPE,
  SIGNING_CONFIG_MEDIA_TYPE,
} from '../trust/client-trust-json';
import { parseJsonSource, readJsonSource } from '../trust/json-source';
import { TRUSTED_ROOT, TRUSTED_ROOT_MEDIA_TYPE } from '../trust/trusted-root-json';
import type { VerificationPolicy } from '../verify';

export const TRUSTED_ROOT_FILE = 'trusted_root.json';
/** The same root in the form that sigstore-python reads. */
export const CLIENT_TRUST_FILE = 'client_trust_config.json';

/** What the trusted root contains, which decides what other clients can verify. */
export interface TrustFacts {
  readonly logs: boolean;
  readonly certificateLogs: boolean;
  readonly timestampAuthorities: boolean;
}

/** The files of the trusted root of an export; none for keys without a trusted root. */
export interface ExportTrust {
  readonly facts: TrustFacts | undefined;
  readonly files: ReadonlyMap<string, Buffer>;
}

type Json = Readonly<Record<string, unknown>>;
/** Where the trusted root comes from. */
export type DeclaredTrust = NonNullable<VerificationPolicyArgs['sigstore']>;

/** Reads the declared trusted root, as written: parsed and encoded again it could lack what other clients read. */
async function declaredRoot(
  { trustedRoot, clientTrustConfig }: DeclaredTrust,
  host: SigningHost,
): Promise<Json | undefined> {
  const source = trustedRoot ?? clientTrustConfig;
  if (source === undefined) return undefined;
  const json = parseJsonSource(await readJsonSource(source, TRUSTED_ROOT, host), TRUSTED_ROOT);
  return trustedRoot === undefined ? (json['trustedRoot'] as Json) : json;
}

function jsonFile(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
}

/**
 * Encodes the trusted root of a policy for this program, cosign and sigstore-go, and for sigstore-python.
 *
 * @param declared where the root comes from, if it is not that of the public instance
 */
export async function exportTrust(
  root: VerificationPolicy['trustedRoot'],
  declared: DeclaredTrust | undefined,
  host: SigningHost,
): Promise<ExportTrust> {
  if (root === undefined) return { facts: undefined, files: new Map() };
  const json = (await declaredRoot(declared ?? {}, host)) ?? (TrustedRoot.toJSON(root) as Json);
  // cosign accepts only this name of the format.
  const trustedRoot = { ...json, mediaType: TRUSTED_ROOT_MEDIA_TYPE };
  const files = new Map([
    [TRUSTED_ROOT_FILE, jsonFile(trustedRoot)],
    [
      CLIENT_TRUST_FILE,
      jsonFile({
        mediaType: CLIENT_TRUST_CONFIG_MEDIA_TYPE,
        trustedRoot,
        // Required by the format; nothing is signed with it.
        signingConfig: { mediaType: SIGNING_CONFIG_MEDIA_TYPE },
      }),
    ],
  ]);
  const facts = {
    logs: root.tlogs.length > 0,
    certificateLogs: root.ctlogs.length > 0,
    timestampAuthorities: root.timestampAuthorities.length > 0,
  };
  return { facts, files };
}
