import { createSignatureFinder } from '../../../verify';
import { isInteractiveProvider, type SignerDescription, storedFormats } from '../../../sign';
import type { CreateRequest } from '../protocol/crud-resource';
import { transparencyOf } from '../inputs/declared-signing';
import type { ResourceLog } from '../protocol/engine-log';
import type { PluginEnvironment } from '../environment';
import {
  formerSigner,
  materialFor,
  orderFrom,
  reusePolicy,
  type SignatureRequest,
  targetsOf,
} from './order';
import type { Before } from './facts';
import { hasUnknown, type Properties, toValue, UNKNOWN } from '../protocol/wire-value';

/** What an update would do: it looks where it can, writes nothing, and says it in one line. */
export async function plannedSignature(
  request: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { inputs, log } = request;
  const unknown: Properties = Object.fromEntries(COMPUTED.map((name) => [name, UNKNOWN]));
  if (hasUnknown(inputs)) {
    log.info('would sign the image when it is built');
    return unknown;
  }
  const order = await orderFrom(request, before, environment);
  const { keyless } = order.signing.config;
  if (keyless && (await isInteractiveProvider(keyless, environment.host))) {
    // Who signs is known after the sign-in, and so is what is signed already.
    log.info('would ask you to sign in, and sign what is not signed yet');
    return unknown;
  }
  const { signer, line } = await plan(order, environment, log);
  const former = formerSigner(before.outputs, signer);
  if (former !== undefined) log.info(former);
  log.info(line);
  return {
    ...unknown,
    signer: toValue(signer),
    signedAnnotations: order.annotations,
    witnessed: transparencyOf(order.signing.services),
  };
}

/** Reads what is signed already; who will sign is known from the key or the token. */
async function plan(
  order: SignatureRequest,
  environment: PluginEnvironment,
  log: ResourceLog,
): Promise<{ readonly signer: SignerDescription; readonly line: string }> {
  const { repository, signing } = order;
  const client = order.client.task();
  const { description: signer } = await materialFor(order, environment, log);
  const find = createSignatureFinder(await reusePolicy(order, environment));
  const counts = { found: 0, wanted: 0 };
  for (const { manifest: subject, annotations, provenance } of await targetsOf(order)) {
    for (const format of storedFormats(signing.format)) {
      for (const purpose of ['signature', 'provenance'] as const) {
        if (purpose === 'provenance' && !provenance) continue;
        counts.wanted += 1;
        const wanted = { repository, subject, purpose, format, annotations, provenance, signer };
        if (await find(wanted, client)) counts.found += 1;
      }
    }
  }
  const { found, wanted } = counts;
  const line =
    found === wanted
      ? `would reuse ${found} signatures and write nothing`
      : `would sign ${wanted - found}${found > 0 ? ` and reuse ${found}` : ''}`;
  return { signer, line };
}

const COMPUTED = [
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
