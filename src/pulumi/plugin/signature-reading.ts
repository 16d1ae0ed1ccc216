import { parseReference } from '../../oci';
import { inspectImage, type Transparency, type VerificationPolicy } from '../../verify';
import { expectationOf } from '../provenance-expectation';
import type { SignerOutput, StoredSignatureOutput } from '../resources/signature-outputs';
import type { ReadRequest, ReadResult } from './crud-resource';
import { readRegistry } from './declared-registry';
import { readSigning } from './declared-signing';
import { trustedRootFor, trustOf } from './declared-trust';
import { refreshed } from './drift';
import type { PluginEnvironment } from './environment';
import { InputReader } from './input-reader';
import { renamedIn } from './renamed-signatures';

/** Compares the registry with what the state says was signed. */
export async function readSignature(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
): Promise<NonNullable<ReadResult>> {
  const declared = new InputReader(inputs);
  const { repository, digest } = parseReference(declared.at('image').string() ?? '');
  const client = environment.registryClient(repository, readRegistry(declared.at('registry')));
  const found = await refreshed(outputs, log, 'makes it again', async () => {
    if (!digest) throw new Error('the state names an image without a digest');
    const policy = await policyOf(declared, new InputReader(outputs), environment);
    const report = await inspectImage(repository, digest, policy, client);
    const kept = new InputReader(outputs).at('signatures').json() ?? [];
    const renamed = await renamedIn(report, kept as StoredSignatureOutput[], repository, client);
    return { policy, report, renamed };
  });
  return { inputs, outputs: found };
}

async function policyOf(
  declared: InputReader,
  signed: InputReader,
  { host }: PluginEnvironment,
): Promise<VerificationPolicy> {
  const { config, format } = readSigning(declared);
  const transparency = (signed.at('witnessed').string() ?? 'none') as Transparency;
  const trust = trustOf(signed.at('signer').json() as SignerOutput);
  const provenance = signed.at('signedProvenance').string();
  const keyless = trust.identities.length > 0;
  return {
    ...trust,
    annotations: signed.at('signedAnnotations').record(),
    format,
    transparency,
    provenance: provenance === undefined ? undefined : expectationOf(provenance),
    trustedRoot: await trustedRootFor(transparency, keyless, config.sigstore, host),
    platforms: true,
  };
}
