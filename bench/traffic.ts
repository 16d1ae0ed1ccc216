import type { RecordedRequest } from '../dev/registry';
import type { RecordedRequest as ServiceRequest } from '../dev/sigstore';

/** The requests and bytes of one piece of work. Exact: the servers count them. */
export interface Traffic {
  /** Requests to the registry; `writes` are those that change something. */
  readonly requests: number;
  readonly writes: number;
  /** Bytes of request and response bodies. */
  readonly bytes: number;
  /** Successful reads by digest of content that was read before. */
  readonly repeated: number;
  readonly repeatedBytes: number;
  readonly connections: number;
  readonly fulcio: number;
  readonly rekor: number;
  readonly timestamps: number;
}

const READS = ['GET', 'HEAD'];
const BY_DIGEST = /^\/v2\/.+\/(?:manifests|blobs)\/sha256:[0-9a-f]{64}$/;

/** Marks each request that reads immutable content again. */
export function repeatedReads(requests: readonly RecordedRequest[]): readonly boolean[] {
  const seen = new Set<string>();
  return requests.map(({ method, path, status }) => {
    if (!READS.includes(method) || status !== 200 || !BY_DIGEST.test(path)) return false;
    if (seen.has(path)) return true;
    seen.add(path);
    return false;
  });
}

const givenBy = ({ method, given }: RecordedRequest): number => (method === 'HEAD' ? 0 : given);

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

export function trafficOf(
  requests: readonly RecordedRequest[],
  services: readonly Pick<ServiceRequest, 'service'>[],
): Traffic {
  const again = repeatedReads(requests);
  const repeated = requests.filter((_, index) => again[index]);
  const to = (...names: readonly string[]): number =>
    services.filter(({ service }) => names.includes(service)).length;
  return {
    requests: requests.length,
    writes: requests.filter(({ method }) => !READS.includes(method)).length,
    bytes: sum(requests.map((request) => request.taken + givenBy(request))),
    repeated: repeated.length,
    repeatedBytes: sum(repeated.map(givenBy)),
    connections: new Set(requests.map(({ connection }) => connection)).size,
    fulcio: to('fulcio'),
    rekor: to('rekor', 'rekor-v2'),
    timestamps: to('tsa'),
  };
}

/** One line per request; digests are `sha256:A`, `sha256:B` in the order of their appearance. */
export function requestLines(requests: readonly RecordedRequest[]): readonly string[] {
  const again = repeatedReads(requests);
  const names = new Map<string, string>();
  const letter = (digest: string): string => {
    const known = names.get(digest) ?? String.fromCharCode('A'.charCodeAt(0) + names.size);
    names.set(digest, known);
    return known;
  };
  return requests.map(({ method, path, status }, index) => {
    const [bare = ''] = path.split('?');
    const target = bare
      .replace(/^\/v2\/.+\/(manifests|blobs|referrers|tags)\//, '$1/')
      .replace(/uploads\/[^/]+$/, 'uploads/…')
      .replace(/sha256([:-])([0-9a-f]{64})/g, (_, sign: string, hex: string) => {
        return `sha256${sign}${letter(hex)}`;
      });
    return `${method} ${target} ${status}${again[index] ? ' (again)' : ''}`;
  });
}
