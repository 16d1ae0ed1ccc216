import { SignedImageError } from '../error';
import { type Digest, parseDigest } from './digest';

declare const tagBrand: unique symbol;

/** A tag, `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`. */
export type Tag = string & { readonly [tagBrand]: 'Tag' };

/** A repository in a registry: `host[:port]` and path. */
export interface Repository {
  /** Host and optional port: `registry.example.com:5000`. */
  readonly registry: string;
  /** Path below the host: `team/app`. */
  readonly path: string;
}

/** A parsed image reference: `host/path[:tag][@digest]`. */
export interface Reference {
  readonly repository: Repository;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const PATH = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::([0-9]{1,5}))?$`);

/** Docker parses this as the id of a local image, never as a name. */
const IMAGE_ID = /^[a-f0-9]{64}$/;

const DOCKER_HUB = 'index.docker.io';

function invalid(text: string, why: string): SignedImageError {
  // The text before an '@' may be credentials, which must not be printed.
  const shown = /@(?!sha256:)/.test(text) ? 'the value' : JSON.stringify(text);
  return new SignedImageError({
    code: 'REFERENCE_INVALID',
    message: `${shown} is not an image reference: ${why}; expected host/path[:tag][@sha256:...]`,
  });
}

export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/** @throws SignedImageError `REFERENCE_INVALID` */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text;
  throw new SignedImageError({
    code: 'REFERENCE_INVALID',
    message: `${JSON.stringify(text)} is not a tag; expected [A-Za-z0-9_][A-Za-z0-9._-]{0,127}`,
  });
}

/**
 * Parses `host/path[:tag][@digest]`. A name without a host (`app`, `team/app`) is on Docker Hub, as
 * in every container tool.
 *
 * @throws SignedImageError `REFERENCE_INVALID`
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  rejectScheme(text);
  if (IMAGE_ID.test(text)) throw invalid(text, 'it is the id of a local image');
  let name = at < 0 ? text : text.slice(0, at);
  let digest: Digest | undefined;
  if (at >= 0) {
    try {
      digest = parseDigest(text.slice(at + 1));
    } catch {
      throw invalid(text, 'the part after "@" is not a sha256 digest');
    }
  }
  let tag: Tag | undefined;
  const colon = name.lastIndexOf(':');
  rejectSlashInTag(name, text);
  if (colon > name.lastIndexOf('/')) {
    const tagText = name.slice(colon + 1);
    if (!isTag(tagText))
      throw invalid(text, `the part after ":" is not a tag: ${tagFault(tagText)}`);
    tag = tagText;
    name = name.slice(0, colon);
  }
  const repository = parseRepository(name, text);
  return { repository, ...(tag && { tag }), ...(digest && { digest }) };
}

/** Parses like `parseReference`; `undefined` for a text that is not a reference. */
export function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** Other tools print references with a scheme, and browsers show URLs. */
function rejectScheme(text: string): void {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  if (scheme === undefined) return;
  const rest = text.slice(scheme.length + 3);
  const instead =
    rest.includes('@') && !rest.includes('@sha256:') ? '' : `: write ${JSON.stringify(rest)}`;
  throw invalid(text, `a reference must not have a scheme (${scheme}://)${instead}`);
}

/** `app:feature/x`: the part before the "/" would be parsed as a host with a port. */
function rejectSlashInTag(name: string, text: string): void {
  const slash = name.lastIndexOf('/');
  const colon = name.lastIndexOf(':', slash);
  if (slash < 0 || colon < 0 || name.startsWith('[')) return;
  const isPort = !name.slice(0, colon).includes('/') && /^[0-9]+(\/|$)/.test(name.slice(colon + 1));
  if (isPort) return;
  const tag = name.slice(colon + 1);
  const instead = tag.replaceAll('/', '-');
  throw invalid(
    text,
    `a tag cannot contain "/" (${JSON.stringify(tag)})${isTag(instead) ? `: write ${JSON.stringify(`${name.slice(0, colon)}:${instead}`)}` : ''}`,
  );
}

function tagFault(tag: string): string {
  if (tag === '') return 'it is empty';
  if (tag.length > 128) return 'it is longer than 128 characters';
  if (/^[.-]/.test(tag)) return 'it begins with "." or "-"';
  return 'it may contain letters, digits, "_", "." and "-" only';
}

function parseRepository(name: string, text: string): Repository {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const named = first.includes('.') || first.includes(':') || first === 'localhost';
  const host = named ? first.toLowerCase() : DOCKER_HUB;
  let path = named ? name.slice(slash + 1) : name;
  const port = HOST.exec(host);
  if (!port) throw invalid(text, 'its host is malformed');
  if (port[1] !== undefined && Number(port[1]) > 65535)
    throw invalid(text, 'its port is too large');
  if (!isCanonicalHost(host)) throw invalid(text, 'its host is malformed');
  if (isDockerHub(host) && !path.includes('/')) path = `library/${path}`;
  if (!PATH.test(path)) {
    const isUpper = path !== path.toLowerCase() && PATH.test(path.toLowerCase());
    throw invalid(
      text,
      isUpper
        ? `its path has capital letters: write ${JSON.stringify(path.toLowerCase())}`
        : 'its path is malformed (lower case, no empty part)',
    );
  }
  if (host.length + path.length + 1 > 255) throw invalid(text, 'it is longer than 255 characters');
  return { registry: isDockerHub(host) ? DOCKER_HUB : host, path };
}

/** Whether URL parsing keeps the host unchanged: IPv4 numbers in hex or with extra parts are normalized to another host. */
function isCanonicalHost(host: string): boolean {
  if (!URL.canParse(`https://${host}/`)) return false;
  const { hostname } = new URL(`https://${host}/`);
  return host.startsWith('[') || hostname === host.replace(/:\d+$/, '');
}

function isDockerHub(host: string): boolean {
  return host === 'docker.io' || host === DOCKER_HUB || host === 'registry-1.docker.io';
}

/** `host/path`. */
export function formatRepository(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** `host/path[:tag][@digest]`. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag ? `:${reference.tag}` : '';
  const digest = reference.digest ? `@${reference.digest}` : '';
  return `${formatRepository(reference.repository)}${tag}${digest}`;
}

/** `host/path@digest`, the only immutable form. */
export function pinned(repository: Repository, digest: Digest): string {
  return `${formatRepository(repository)}@${digest}`;
}
