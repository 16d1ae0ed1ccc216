import { type Bundle, bundleToJSON, type SerializedBundle } from '@sigstore/bundle';

import { isJsonObject, type JsonObject, parseJsonObject } from '../oci/strict-json';

/** The log index of the first entry of a log. */
const FIRST = '0';

/** As the first member, where the JSON of other entries has it. */
function withLogIndex<Entry extends object>(entry: Entry): Entry {
  const hasIndex = 'logIndex' in entry || 'log_index' in entry;
  return hasIndex ? entry : { logIndex: FIRST, ...entry };
}

/** The proof of the only entry of a log has no hashes. */
function withHashes(proof: JsonObject): JsonObject {
  return 'hashes' in proof ? proof : { ...proof, hashes: [] };
}

function completeEntry(entry: unknown): unknown {
  if (!isJsonObject(entry)) return entry;
  const { inclusionProof: proof } = entry;
  const isProven = isJsonObject(proof);
  return withLogIndex(
    isProven ? { ...entry, inclusionProof: withHashes(withLogIndex(proof)) } : entry,
  );
}

function completeEntries(bundle: JsonObject): JsonObject {
  const { verificationMaterial: material } = bundle;
  const entries = isJsonObject(material) ? material['tlogEntries'] : undefined;
  if (!isJsonObject(material) || !Array.isArray(entries)) return bundle;
  const verificationMaterial = { ...material, tlogEntries: entries.map(completeEntry) };
  return { ...bundle, verificationMaterial };
}

/**
 * Converts a bundle to JSON with the log index and the hashes of every entry, also of the first entry of a log. The JSON
 * of protobuf messages omits zeros and empty lists, and sigstore-python does not parse an entry without these members.
 *
 * https://protobuf.dev/programming-guides/json/
 */
export function toBundleJson(bundle: Bundle): SerializedBundle {
  return completeEntries(bundleToJSON(bundle) as unknown as JsonObject) as SerializedBundle;
}

/** Adds omitted members of entries to the JSON of a bundle; a bundle that has them is returned byte for byte. */
export function completeBundle(bytes: Buffer): Buffer {
  const json = parseJsonObject(bytes, 'the bundle');
  const added = JSON.stringify(completeEntries(json));
  return added === JSON.stringify(json) ? bytes : Buffer.from(added, 'utf8');
}
