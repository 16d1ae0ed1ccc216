import { formatRepository } from '../../../oci';
import { createSignatureFinder } from '../../../verify';
import { isInteractiveProvider, type SignerDescription, storedFormats } from '../../../sign';
import type { CreateRequest } from '../protocol/crud-resource';
import { transparencyOf } from '../../../core/policy-args';
import type { ResourceLog } from '../protocol/engine-log';
import type { PluginEnvironment } from '../environment';
import {
  describeSignerChange,
  createMaterial,
  createSignatureRequest,
  reusePolicy,
  type SignatureRequest,
  signingTargets,
} from './order';
import type { PreviousState } from './facts';
import { hasUnknown, type Properties, toValue, UNKNOWN } from '../protocol/wire-value';

/** Reports in one line what an update would do: it reads what it can and writes nothing. */
export async function plannedSignature(
  request: CreateRequest,
  before: PreviousState,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { inputs, log } = request;
  const unknown: Properties = Object.fromEntries(COMPUTED_OUTPUTS.map((name) => [name, UNKNOWN]));
  if (hasUnknown(inputs)) {
    log.note('would sign the image when it is built');
    return unknown;
  }
  const signatureRequest = await createSignatureRequest(request, before, environment);
  const { keyless } = signatureRequest.signing.config;
  if (keyless && (await isInteractiveProvider(keyless, environment.host))) {
    // The signer, and with it the existing signatures, are known only after the login.
    log.info('would ask you to sign in, and then create the missing signatures');
    const { repository, digest } = signatureRequest;
    const all = await signingTargets(signatureRequest);
    const digests = [digest, ...all.map(({ manifest }) => manifest.digest)];
    environment.planned.record(request.urn, formatRepository(repository), digests);
    return unknown;
  }
  const { signer, line } = await planSignatures(request.urn, signatureRequest, environment, log);
  const signerChange = describeSignerChange(before.outputs, signer);
  if (signerChange !== undefined) log.info(signerChange);
  log.note(line);
  return {
    ...unknown,
    signer: toValue(signer),
    signedAnnotations: signatureRequest.annotations,
    witnessed: transparencyOf(signatureRequest.signing.services),
  };
}

/** Reads the existing signatures; the signer is known from the key or the token. */
async function planSignatures(
  urn: string,
  signatureRequest: SignatureRequest,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<{ readonly signer: SignerDescription; readonly line: string }> {
  const { repository, signing } = signatureRequest;
  const client = signatureRequest.client.task();
  const { description: signer } = await createMaterial(signatureRequest, environment, log);
  const find = createSignatureFinder(await reusePolicy(signatureRequest, environment));
  const counts = { found: 0, required: 0 };
  const unsigned = new Set<string>();
  for (const { manifest: subject, annotations, provenance } of await signingTargets(
    signatureRequest,
  )) {
    for (const format of storedFormats(signing.format)) {
      for (const purpose of ['signature', 'provenance'] as const) {
        if (purpose === 'provenance' && !provenance) continue;
        counts.required += 1;
        const required = {
          repository,
          subject,
          purpose,
          format,
          annotations,
          signedIdentity: signing.signedIdentity,
          statement: provenance,
          signer,
        };
        if (await find(required, client)) counts.found += 1;
        // The image is verified with its platform manifests.
        else for (const each of [signatureRequest.digest, subject.digest]) unsigned.add(each);
      }
    }
  }
  environment.planned.record(urn, formatRepository(repository), [...unsigned]);
  const { found, required } = counts;
  const line =
    found === required
      ? `would reuse ${found} signatures and write nothing`
      : `would sign ${required - found}${found > 0 ? ` and reuse ${found}` : ''}`;
  return { signer, line };
}

const COMPUTED_OUTPUTS = [
  'signer',
  'signedAnnotations',
  'signatures',
  'bundles',
  'certificate',
  'logEntries',
  'signedProvenance',
  'witnessed',
  'written',
] as const;
