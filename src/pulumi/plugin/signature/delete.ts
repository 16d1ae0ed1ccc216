import { formatRepository, parseDigest, parseReference, type Repository } from '../../../oci';
import { removeSignature, type SignatureToRemove } from '../../../storage';
import type { WrittenSignatureOutput } from '../../resources/signature-outputs';
import type { DeleteRequest } from '../protocol/crud-resource';
import { DELETION_ADVICE, readDeletion, readRegistry } from '../inputs/declared-registry';
import type { PluginEnvironment } from '../environment';
import { InputReader } from '../inputs/input-reader';
import { writtenBefore } from './written-signatures';

/**
 * Removes the signatures that this resource wrote, if that was declared: none that it found, none
 * of others, and none that another resource of this run rests on. What the registry never deletes
 * is told and let go; what it refuses now is an error, and the next run tries again.
 */
export async function removeSignatures(
  { inputs, outputs, log }: DeleteRequest,
  environment: PluginEnvironment,
): Promise<void> {
  const declared = new InputReader(inputs);
  const written = writtenBefore(outputs);
  if (readDeletion(declared) === 'keep' || written.length === 0) return;
  const { repository } = parseReference(declared.at('image').string() ?? '');
  const client = environment
    .registryClient(repository, readRegistry(declared.at('registry')))
    .task({ bypassCache: true });
  environment.looks.forget(repository);
  const name = formatRepository(repository);
  let removed = 0;
  for (const signature of written) {
    const what = `the ${signature.purpose} (${signature.format}) of ${signature.subject}, ${signature.stored}`;
    const user = environment.uses.userOf(name, signature.stored);
    if (user !== undefined) {
      log.warn(`${name}: ${what}, stays: ${user} uses it`);
      continue;
    }
    log.status(`remove ${what}`);
    const removal = await removeSignature(client, repository, toRemove(signature));
    if (removal.outcome === 'unsupported') {
      log.warn(stays(repository, written.length - removed));
      return;
    }
    if (removal.outcome === 'kept') log.warn(`${name}: ${what}, stays: ${removal.reason}`);
    if (removal.outcome === 'removed') removed += 1;
  }
  log.info(`removed ${removed} signatures from ${name}`);
}

/** What a delete of this state would remove, in words; `undefined`: nothing. */
export function plannedRemoval(
  inputs: DeleteRequest['inputs'],
  outputs: DeleteRequest['outputs'],
): string | undefined {
  const deletion = readDeletion(new InputReader(inputs));
  const { length } = writtenBefore(outputs);
  if (deletion === 'keep' || length === 0) return undefined;
  return `${length} signatures that this resource wrote (deletion: ${deletion})`;
}

function stays({ registry, path }: Repository, count: number): string {
  return `registry ${registry} deletes nothing, so ${count} signatures stay in ${path}: ${DELETION_ADVICE}`;
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
