import { TrustedRoot } from '@sigstore/protobuf-specs';

import { loadVerificationPolicy, type VerificationPolicyArgs } from '../core/policy-args';
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

/** The policy of an export, and the files of its trusted root; no files for keys without a trusted root. */
export interface ExportTrust {
  readonly policy: VerificationPolicy;
  readonly facts: TrustFacts | undefined;
  readonly files: ReadonlyMap<string, Buffer>;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads the declared trusted root, as written: parsed and encoded again it could lack what other clients read. */
async function declaredRoot(
  { sigstore }: VerificationPolicyArgs,
  host: SigningHost,
): Promise<Json | undefined> {
  const { trustedRoot, clientTrustConfig } = sigstore ?? {};
  const source = trustedRoot ?? clientTrustConfig;
  if (source === undefined) return undefined;
  const json = parseJsonSource(await readJsonSource(source, TRUSTED_ROOT, host), TRUSTED_ROOT);
  return trustedRoot === undefined ? (json['trustedRoot'] as Json) : json;
}

function jsonFile(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
}

/**
 * Loads the policy, and encodes its trusted root for this program, cosign and sigstore-go, and for sigstore-python.
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export async function loadExportTrust(
  args: VerificationPolicyArgs,
  host: SigningHost,
): Promise<ExportTrust> {
  const policy = await loadVerificationPolicy(args, host);
  const { trustedRoot: root } = policy;
  if (root === undefined) return { policy, facts: undefined, files: new Map() };
  const json = (await declaredRoot(args, host)) ?? (TrustedRoot.toJSON(root) as Json);
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
  return { policy, facts, files };
}
