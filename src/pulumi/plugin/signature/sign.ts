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
import {
  withInteractiveLogin,
  formerSigner,
  materialFor,
  orderFrom,
  reusePolicy,
  targetsOf,
} from './order';
import { PartialStateError } from '../protocol/partial-state';
import type { Before } from './facts';
import { signatureState } from './state';
import type { Properties } from '../protocol/wire-value';
import { writtenBefore, writtenSince } from './written-signatures';

/**
 * Signs what is not signed yet, and tells what now stands in the registry.
 *
 * @throws PartialStateError where something was written before it failed
 */
export async function signatureOutputs(
  id: string,
  request: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { log } = request;
  const order = await orderFrom(request, before, environment);
  const targets = await targetsOf(order);
  const material = await materialFor(order, withInteractiveLogin(environment, log), log);
  const policy = await reusePolicy(order, environment);
  const { repository, signing, client } = order;
  const former = formerSigner(before.outputs, material.description);
  if (former !== undefined) log.info(former);
  const begun: StoredSignature[] = [];
  const settled: SettledSignature[] = [];
  const state = (drift: readonly string[]): Properties =>
    signatureState(order, {
      stored: settled,
      signer: material.description,
      written: writtenSince(writtenBefore(before.outputs), begun),
      drift,
    });
  try {
    await signImage(
      { repository, targets, format: signing.format, material },
      client,
      (line) => log.status(line),
      {
        alreadySigned: createSignatureFinder(policy),
        checkFresh: createFreshCheck(policy),
        observer: {
          writing: (signature) => begun.push(signature),
          settled: (signature) => settled.push(signature),
        },
      },
    );
  } catch (error) {
    if (begun.length === 0) throw error;
    throw new PartialStateError(
      id,
      state([`signing was not finished: ${messageOf(error)}`]),
      error,
    );
  } finally {
    for (const line of client.traits(repository).newLogLines()) log.info(line);
  }
  log.info(summary(settled, material));
  return state([]);
}

function summary(settled: readonly SettledSignature[], { description }: SigningMaterial): string {
  const by =
    description.kind === 'key'
      ? `key sha256:${description.keyId.slice(0, 12)}`
      : description.identity;
  const made = settled.filter((signature) => signature.made).length;
  const found = settled.length - made;
  if (made === 0) return `signed already by ${by}: ${found} found, nothing written`;
  return `signed by ${by}: ${made} made${found > 0 ? `, ${found} found` : ''}`;
}
