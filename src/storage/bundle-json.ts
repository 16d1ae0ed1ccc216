import { type Bundle, bundleToJSON, type SerializedBundle } from '@sigstore/bundle';

import { isJsonObject, type JsonObject, parseJsonObject } from '../oci/strict-json';

/** The log index of the first entry of a log. */
const FIRST = '0';

/** As the first member, where the JSON of other entries has it. */
function withLogIndex<Entry extends object>(entry: Entry): Entry {
  const hasIndex = 'logIndex' in entry || 'log_index' in entry;
  return hasIndex ? entry : { logIndex: FIRST, ...entry };
}

function withLogIndexes(entry: unknown): unknown {
  if (!isJsonObject(entry)) return entry;
  const { inclusionProof: proof } = entry;
  const proven = isJsonObject(proof) ? { ...entry, inclusionProof: withLogIndex(proof) } : entry;
  return withLogIndex(proven);
}

function withExplicitIndexes(bundle: JsonObject): JsonObject {
  const { verificationMaterial: material } = bundle;
  const entries = isJsonObject(material) ? material['tlogEntries'] : undefined;
  if (!isJsonObject(material) || !Array.isArray(entries)) return bundle;
  const verificationMaterial = { ...material, tlogEntries: entries.map(withLogIndexes) };
  return { ...bundle, verificationMaterial };
}

/**
 * Converts a bundle to JSON with the log index of every entry, also of the first entry of a log. The JSON of protobuf
 * messages omits zeros, and sigstore-python does not parse an entry without an index.
 *
 * https://protobuf.dev/programming-guides/json/
 */
export function toBundleJson(bundle: Bundle): SerializedBundle {
  return withExplicitIndexes(bundleToJSON(bundle) as unknown as JsonObject) as SerializedBundle;
}

/** Adds omitted log indexes to the JSON of a bundle; a bundle that has them is returned byte for byte. */
export function addLogIndexes(bytes: Buffer): Buffer {
  const json = parseJsonObject(bytes, 'the bundle');
  const added = JSON.stringify(withExplicitIndexes(json));
  return added === JSON.stringify(json) ? bytes : Buffer.from(added, 'utf8');
}
