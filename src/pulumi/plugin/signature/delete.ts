import { formatRepository, parseDigest, parseReference, type Repository } from '../../../oci';
import { removeSignature, type SignatureToRemove } from '../../../storage';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import type { DeleteRequest } from '../protocol/crud-resource';
import { DELETION_ADVICE, readDeletion, readRegistry } from '../inputs/declared-registry';
import type { PluginEnvironment } from '../environment';
import { InputReader } from '../inputs/input-reader';
import { previouslyWritten } from './written-signatures';

/**
 * Removes the signatures that this resource wrote, if `deletion` requests it. Keeps signatures that it
 * reused, those of other signers, and those that another resource of this run depends on. If the registry
 * does not support deletion, a warning is logged; if it rejects the request, the error is retried by the
 * next run.
 */
export async function removeSignatures(
  { inputs, outputs, log }: DeleteRequest,
  environment: PluginEnvironment,
): Promise<void> {
  const declared = new InputReader(inputs);
  const written = previouslyWritten(outputs);
  if (readDeletion(declared) === 'keep' || written.length === 0) return;
  const { repository } = parseReference(declared.at('image').string() ?? '');
  const client = environment
    .registryClient(repository, readRegistry(declared.at('registry')))
    .task({ bypassCache: true });
  environment.readCache.invalidate(repository);
  const name = formatRepository(repository);
  let removed = 0;
  for (const signature of written) {
    const what = `the ${signature.purpose} (${signature.format}) of ${signature.subject}, ${signature.stored}`;
    const user = environment.uses.userOf(name, signature.stored);
    if (user !== undefined) {
      log.warn(`${name}: ${what}, is kept: ${user} uses it`);
      continue;
    }
    log.status(`removing ${what}`);
    const removal = await removeSignature(client, repository, toRemove(signature));
    if (removal.outcome === 'unsupported') {
      log.warn(deletionUnsupported(repository, written.length - removed));
      return;
    }
    if (removal.outcome === 'kept') log.warn(`${name}: ${what}, is kept: ${removal.reason}`);
    if (removal.outcome === 'removed') removed += 1;
  }
  log.note(`removed ${removed} signatures from ${name}`);
}

/** Describes what a delete of this state would remove; `undefined` if nothing. */
export function describeRemoval(
  inputs: DeleteRequest['inputs'],
  outputs: DeleteRequest['outputs'],
): string | undefined {
  const deletion = readDeletion(new InputReader(inputs));
  const { length } = previouslyWritten(outputs);
  if (deletion === 'keep' || length === 0) return undefined;
  return `${length} signatures that this resource wrote (deletion: ${deletion})`;
}

function deletionUnsupported({ registry, path }: Repository, count: number): string {
  return `registry ${registry} does not support deletion, so ${count} signatures remain in ${path}: ${DELETION_ADVICE}`;
}

function toRemove(written: WrittenSignatureOutput): SignatureToRemove {
  return {
    subject: parseDigest(written.subject),
    stored: parseDigest(written.stored),
    purpose: written.purpose === 'provenance' ? 'provenance' : 'signature',
    format: written.format === 'legacy' ? 'legacy' : 'bundle',
    signature: written.signature,
  };
}
