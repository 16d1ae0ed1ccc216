import { messageOf } from '../../../error';
import {
  type SettledSignature,
  signImage,
  type SigningMaterial,
  type StoredSignature,
} from '../../../sign';
import { createFreshCheck, createSignatureFinder } from '../../../verify';
import type { CreateRequest } from '../protocol/crud-resource';
import type { PluginEnvironment } from '../environment';
import { checkProviderBuild } from './provider-build';
import {
  withInteractiveLogin,
  describeSignerChange,
  createMaterial,
  createSignatureRequest,
  reusePolicy,
  signingTargets,
} from './order';
import { PartialStateError } from '../protocol/partial-state';
import type { PreviousState } from './facts';
import { signatureState } from './state';
import type { Properties } from '../protocol/wire-value';
import { previouslyWritten, addWritten } from './written-signatures';

/**
 * Creates the missing signatures and returns the signatures that are now in the registry.
 *
 * @throws PartialStateError if something was written before the failure
 */
export async function signatureOutputs(
  id: string,
  request: CreateRequest,
  before: PreviousState,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { log } = request;
  const signatureRequest = await createSignatureRequest(request, before, environment);
  await checkProviderBuild(signatureRequest);
  const targets = await signingTargets(signatureRequest);
  const material = await createMaterial(
    signatureRequest,
    withInteractiveLogin(environment, log),
    log,
  );
  const policy = await reusePolicy(signatureRequest, environment);
  const { repository, signing, client } = signatureRequest;
  const { format, signedIdentity } = signing;
  const signerChange = describeSignerChange(before.outputs, material.description);
  if (signerChange !== undefined) log.info(signerChange);
  const started: StoredSignature[] = [];
  const settled: SettledSignature[] = [];
  const state = (drift: readonly string[]): Properties =>
    signatureState(signatureRequest, {
      stored: settled,
      signer: material.description,
      written: addWritten(previouslyWritten(before.outputs), started),
      drift,
    });
  try {
    await signImage(
      { repository, targets, format, signedIdentity, material },
      client,
      (line) => log.status(line),
      {
        alreadySigned: createSignatureFinder(policy),
        checkFresh: createFreshCheck(policy),
        observer: {
          writing: (signature) => started.push(signature),
          settled: (signature) => settled.push(signature),
        },
      },
    );
  } catch (error) {
    if (started.length === 0) throw error;
    throw new PartialStateError(
      id,
      state([`signing did not complete: ${messageOf(error)}`]),
      error,
    );
  } finally {
    for (const line of client.traits(repository).newLogLines()) log.note(line);
  }
  log.note(summary(settled, material));
  return state([]);
}

function summary(settled: readonly SettledSignature[], { description }: SigningMaterial): string {
  const by =
    description.kind === 'key'
      ? `key sha256:${description.keyId.slice(0, 12)}`
      : description.identity;
  const made = settled.filter((signature) => signature.made).length;
  const found = settled.length - made;
  if (made === 0) return `already signed by ${by}: ${found} reused, nothing written`;
  return `signed by ${by}: ${made} created${found > 0 ? `, ${found} reused` : ''}`;
}
