import { parseReference } from '../../../oci';
import { type Properties, reveal, Secret, UNKNOWN, type Value } from '../protocol/wire-value';

/** The custom resources and functions that take defaults from the provider, and which. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  SigningPlan: [
    'registry',
    'sigstore',
    'transparency',
    'format',
    'source',
    'annotations',
    'deletion',
  ],
  ImageBuild: ['registry', 'source', 'deletion'],
  ImageSignature: [
    'registry',
    'sigstore',
    'transparency',
    'format',
    'source',
    'annotations',
    'deletion',
  ],
  VerifiedImage: ['registry', 'sigstore', 'trust'],
  verifyImage: ['registry', 'sigstore', 'trust'],
  listSignatures: ['registry'],
  resolveImage: ['registry'],
  auditLog: ['sigstore', 'trust'],
};

/** Inputs whose members have defaults of their own. An object that names services or credentials is replaced as a whole. */
const BY_MEMBER: ReadonlySet<string> = new Set(['source', 'annotations']);

const SIGNERS = ['keys', 'trustedKeys', 'identities'] as const;

/** Inputs with the defaults of the provider, and the names of those that the provider gave. */
export interface DefaultedInputs {
  readonly inputs: Properties;
  readonly defaulted: ReadonlySet<string>;
}

/** Completes the inputs of a resource by the inputs of its provider. What the resource declares wins. */
export function withDefaults(
  resource: string,
  declared: Properties,
  provider: Properties,
): DefaultedInputs {
  const inputs: Record<string, Value> = { ...declared };
  const defaulted = new Set<string>();
  const set = (name: string, value: Value | undefined): void => {
    if (value === undefined || value === null) return;
    inputs[name] = value;
    defaulted.add(name);
  };
  for (const name of DEFAULTS[resource] ?? []) {
    const value = provider[name] ?? null;
    if (value === null) continue;
    if (name === 'trust') {
      if (SIGNERS.some((signer) => isDeclared(declared[signer]))) continue;
      for (const signer of SIGNERS) set(signer, memberOf(value, signer));
    } else if (!isDeclared(declared[name])) {
      set(name, name === 'registry' ? registryFor(declared['image'], value) : value);
    } else if (BY_MEMBER.has(name)) {
      inputs[name] = merged(value, declared[name] ?? null);
    }
  }
  return { inputs, defaulted };
}

const isDeclared = (value: Value | undefined): boolean => value !== undefined && value !== null;

/** The access to the registry of this image. Credentials are for one host, and no other gets them. */
function registryFor(image: Value | undefined, registry: Value): Value | undefined {
  const text = image instanceof Secret ? image.value : image;
  const host = reveal(memberOf(registry, 'host') ?? null);
  if (typeof text !== 'string' || typeof host !== 'string') return undefined;
  // Docker Hub has several names.
  if (registryOf(text) !== registryOf(`${host}/any/image`)) return undefined;
  return mapObject(registry, ({ host: _ownHost, ...access }) => access);
}

function registryOf(image: string): string | undefined {
  try {
    return parseReference(image).repository.registry;
  } catch {
    // The resource reports the reference.
    return undefined;
  }
}

function merged(defaults: Value, declared: Value): Value {
  if (declared === UNKNOWN || defaults === UNKNOWN) return declared;
  return mapObject(declared, (own) => mapObject(defaults, (all) => ({ ...all, ...own })));
}

function mapObject(value: Value, change: (object: Properties) => Value): Value {
  if (value instanceof Secret) return new Secret(mapObject(value.value, change));
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? change(value as Properties) : value;
}

function memberOf(value: Value, name: string): Value | undefined {
  if (value === UNKNOWN) return UNKNOWN;
  if (!(value instanceof Secret)) return (value as Properties)[name];
  const member = memberOf(value.value, name);
  return member === undefined || member === null ? undefined : new Secret(member);
}
