import { InvalidInputError, SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { isJsonObject, type JsonObject } from '../oci';

/** The same bound as for an audit of a cluster: a stack of ten thousand resources. */
const MAX_STATE_VALUES = 10_000_000;
const IMAGE_SIGNATURE = 'signed-image:index:ImageSignature';

const INDEX = /^(?:0|[1-9]\d{0,15})$/;
const UUID = /^(?:[0-9a-f]{16})?[0-9a-f]{64}$/;
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** The entry to look up. */
export interface EntryIdentifiers {
  readonly logIndex: number;
  readonly logId: Buffer;
  /** Hex of the hash of the leaf. */
  readonly leafHash: string;
  readonly digests: readonly string[];
}

/** The entries that were made by stacks, or are known otherwise. */
export class KnownEntries {
  /** `log id:index`; with an empty log id for the audited log. */
  readonly #indexes = new Set<string>();
  readonly #leaves = new Set<string>();
  readonly #digests = new Set<string>();

  get size(): number {
    return this.#indexes.size + this.#leaves.size + this.#digests.size;
  }

  /** Adds the entries in the output of `pulumi stack export`, or in the state file of a stack. */
  addState(text: string): void {
    for (const { logId, logIndex } of stateEntries(text)) this.#indexes.add(`${logId}:${logIndex}`);
  }

  /**
   * Adds a list: one entry in a line, by its index in the audited log, its UUID in Rekor v1, or
   * `sha256:` with the digest of the signed content. `#` begins a comment.
   *
   * @throws InvalidInputError
   */
  addList(text: string): void {
    const lines = text.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
    const problems = lines.flatMap((line, at) =>
      line === '' || this.#addLine(line)
        ? []
        : [
            {
              property: 'known',
              code: 'INPUT_INVALID' as const,
              message: `line ${at + 1} of the known entries is not a log index, a UUID or sha256:DIGEST (${JSON.stringify(line.slice(0, 100))})`,
            },
          ],
    );
    if (problems.length > 0) throw new InvalidInputError(problems.slice(0, 10));
  }

  #addLine(line: string): boolean {
    const digest = DIGEST.exec(line)?.[1];
    if (digest !== undefined) this.#digests.add(digest);
    else if (INDEX.test(line)) this.#indexes.add(`:${line}`);
    else if (UUID.test(line)) this.#leaves.add(line.slice(-64));
    else return false;
    return true;
  }

  has({ logIndex, logId, leafHash, digests }: EntryIdentifiers): boolean {
    return (
      this.#indexes.has(`${logId.toString('base64')}:${logIndex}`) ||
      this.#indexes.has(`:${logIndex}`) ||
      this.#leaves.has(leafHash) ||
      digests.some((digest) => this.#digests.has(digest))
    );
  }
}

function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, name) => (isJsonObject(found) ? found[name] : undefined),
    value,
  );
}

function resourcesOf(text: string): readonly JsonObject[] {
  let state: unknown;
  try {
    state = parseBoundedJson(text, MAX_STATE_VALUES);
  } catch {
    // Reported below.
  }
  const resources =
    member(state, 'deployment', 'resources') ?? member(state, 'checkpoint', 'latest', 'resources');
  if (Array.isArray(resources)) return resources.filter(isJsonObject);
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'stackStates',
    message: 'the state of a stack is not a stack export; give the output of `pulumi stack export`',
  });
}

/** Includes resources that are pending deletion: the stack made their entries too. */
function stateEntries(
  text: string,
): readonly { readonly logId: string; readonly logIndex: string }[] {
  return resourcesOf(text)
    .filter(({ type }) => type === IMAGE_SIGNATURE)
    .flatMap((resource) => {
      const entries = member(resource, 'outputs', 'logEntries');
      return Array.isArray(entries) ? entries.filter(isJsonObject) : [];
    })
    .flatMap(({ logId, logIndex }) =>
      typeof logId === 'string' && typeof logIndex === 'string' ? [{ logId, logIndex }] : [],
    );
}
