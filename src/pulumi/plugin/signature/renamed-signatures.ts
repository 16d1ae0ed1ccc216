import { parseDigest, type RegistryClient, type Repository } from '../../../oci';
import { readLayers } from '../../../storage';
import type { VerificationReport } from '../../../verify';
import type { StoredSignatureOutput } from '../../resources/signature-outputs';

/**
 * The signatures that the state names and that are gone, though others as good are in their place:
 * a run that was stopped between two signatures leaves one that the state does not know.
 */
export async function renamedIn(
  report: VerificationReport,
  kept: readonly StoredSignatureOutput[],
  repository: Repository,
  client: RegistryClient,
): Promise<readonly StoredSignatureOutput[]> {
  const renamed: StoredSignatureOutput[] = [];
  for (const signature of kept) {
    const stored = storedInPlaceOf(signature, report);
    if (stored === undefined || stored === signature.stored) continue;
    // Several may be good, and the report names the first: only what is gone is another one.
    if (!(await isThere(signature, repository, client))) renamed.push(signature);
  }
  return renamed;
}

function storedInPlaceOf(
  { subject, purpose, format }: StoredSignatureOutput,
  { manifests }: VerificationReport,
): string | undefined {
  const parts = manifests.find(({ digest }) => digest === subject)?.parts ?? [];
  return parts.find((part) => part.purpose === purpose && part.format === format)?.stored;
}

async function isThere(
  { subject, purpose, format, stored }: StoredSignatureOutput,
  repository: Repository,
  client: RegistryClient,
): Promise<boolean> {
  const digest = parseDigest(stored);
  if (format === 'bundle') return (await client.getManifest(repository, digest)) !== undefined;
  const kind = purpose === 'provenance' ? 'provenance' : 'signature';
  const { candidates } = await readLayers(client, repository, parseDigest(subject), kind);
  return candidates.some((candidate) => candidate.stored === digest);
}
