import type { Problem } from '../../../src/error';
import { secretStrings } from '../../../src/pulumi/plugin/protocol/secret-marks';
import {
  encodeProperties,
  Secret,
  type Properties,
  toValue,
  UNKNOWN,
  type Value,
} from '../../../src/pulumi/plugin/protocol/wire-value';
import { type PushedImage, pushImage } from '../../interop/support/images';
import {
  openWorkbench,
  PASSWORD,
  type Record,
  type ResourceName,
  type Workbench,
} from './support/workbench';

/** One case has more than a hundred previews. */
const MINUTES = 600_000;
const MIN_TEXT = 6;
const IDENTITY = 'https://ci.example.test/job';

type Path = readonly (string | number)[];
type Change = (value: Value) => Value;

/** The paths of all values in a tree, of objects and lists too. */
function pathsOf(value: Value, path: Path = []): readonly Path[] {
  const own = path.length === 0 ? [] : [path];
  if (value instanceof Secret || typeof value !== 'object' || value === null) return own;
  const entries: readonly (readonly [string | number, Value])[] = Array.isArray(value)
    ? value.map((member: Value, index) => [index, member] as const)
    : Object.entries(value);
  return [...own, ...entries.flatMap(([step, member]) => pathsOf(member, [...path, step]))];
}

/** The tree with another value at a path. */
function changedAt(value: Value, [step, ...rest]: Path, change: Change): Value {
  if (step === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((member: Value, index) =>
      index === step ? changedAt(member, rest, change) : member,
    );
  }
  const object = value as Properties;
  const member = changedAt(object[step] ?? null, rest, change);
  const members: [string, Value][] = [...Object.entries(object), [String(step), member]];
  return Object.fromEntries(members);
}

/** What an engine would store in plain text: all values outside of a secret. */
const plainText = (properties: Properties): string =>
  JSON.stringify(encodeProperties(properties), (_name, value: unknown) =>
    typeof value === 'object' && value !== null && '4dabf18193072939515e22adb298388d' in value
      ? 'secret'
      : value,
  );

let bench: Workbench;
let image: PushedImage;
let declared: Readonly<{ [what: string]: readonly [ResourceName, Properties] }>;

beforeAll(async () => {
  bench = await openWorkbench();
  image = await pushImage(bench.registry.host);
  const { reference } = image;
  bench.write('job.token', bench.sigstore.issuer.token({ subject: IDENTITY }));
  const { fulcioUrl, rekorUrl } = bench.sigstore;
  const sigstore = { fulcioUrl, rekorUrl, trustedRoot: 'trusted_root.json', confirmPublic: true };
  const registry = {
    username: 'user-of-registry',
    password: 'canary-of-the-registry',
    insecure: true,
  };
  const source = {
    commit: 'a'.repeat(40),
    branch: 'main',
    repository: 'https://git.example.test/team/app',
    builder: 'https://ci.example.test',
    allowDirty: true,
    directory: '.',
  };
  const provenance = { builderId: 'https://ci.example.test', parameters: { ticket: 'T-1' } };
  const key = { ref: 'cosign.key', password: PASSWORD };
  const keyless = { tokenFile: 'job.token', clientId: 'sigstore' };
  const build = {
    context: 'app',
    dockerfile: 'app/Dockerfile',
    args: { VERSION: '1' },
    secrets: { npm: 'canary-build-secret' },
    platforms: ['linux/amd64'],
    labels: { team: 'web' },
    pull: false,
    noCache: false,
    environment: ['CORPORATE_TOKEN'],
    builder: 'auto',
  };
  const signed = { annotations: { team: 'web-team' }, source, registry };
  const trusted = {
    keys: [bench.publicKey],
    trustedKeys: [
      {
        key: bench.publicKey,
        notBefore: '2020-01-01T00:00:00Z',
        notAfter: '2999-01-01T00:00:00Z',
        retired: false,
      },
    ],
  };
  const verify = { ...trusted, annotations: { team: 'web-team' }, always: true };
  const built = `${bench.registry.host}/team/app`;
  const nonsecret = ['build.args.VERSION'];
  const byKey = {
    image: reference,
    key,
    transparency: 'none',
    format: 'both',
    deletion: 'signatures',
  };
  const byIdentity = { keyless, sigstore, transparency: 'private' };
  const checked = {
    image: reference,
    annotations: { team: 'web-team' },
    registry,
    platforms: true,
    always: true,
    triggers: ['trigger-value'],
  };
  const identities = [{ identity: IDENTITY, issuer: bench.sigstore.issuer.url }];
  const all = {
    'plan with a key': ['SigningPlan', { ...byKey, ...signed, verify }],
    'plan with an identity': [
      'SigningPlan',
      { image: built, build, ...byIdentity, ...signed, provenance, nonsecret },
    ],
    build: ['ImageBuild', { image: built, build, source, registry, deletion: 'keep', nonsecret }],
    'signature with a key': ['ImageSignature', { ...byKey, ...signed, always: true }],
    'signature with an identity': [
      'ImageSignature',
      { image: reference, ...byIdentity, ...signed },
    ],
    'verification of a key': [
      'VerifiedImage',
      { ...checked, ...trusted, format: 'any', transparency: 'none' },
    ],
    'verification of an identity': [
      'VerifiedImage',
      {
        ...checked,
        identities,
        transparency: 'log',
        sigstore: { trustedRoot: sigstore.trustedRoot },
      },
    ],
  };
  declared = toValue(all) as unknown as typeof declared;
});
afterAll(() => bench.close());

const NAMES = [
  'plan with a key',
  'plan with an identity',
  'build',
  'signature with a key',
  'signature with an identity',
  'verification of a key',
  'verification of an identity',
];

const urnOf = (name: ResourceName): string => `urn:pulumi:s::p::signed-image:index:${name}::app`;
const of = (what: string): readonly [ResourceName, Properties] => {
  const found = declared[what];
  if (!found) throw new Error(`nothing is declared as ${what}`);
  return found;
};
/** What an earlier update made, for the preview of another one. */
const existing = new Map<string, Record>();

/** The problems of a preview that creates the resource, and of one that updates it. */
async function preview(what: string, news: Properties): Promise<readonly string[]> {
  const [name] = of(what);
  const { log } = bench;
  const resource = bench.resource(name);
  const urn = urnOf(name);
  const described = (problems: readonly Problem[]) =>
    problems.map(({ property, message }) => `${property}: ${message}`);
  try {
    const created = await resource.check({ urn, olds: {}, news, log });
    if (created.problems.length > 0) return described(created.problems);
    await resource.create({ urn, inputs: created.inputs, preview: true, log });
    const record = existing.get(what);
    if (record === undefined) return [];
    const { id, inputs: oldInputs, outputs: oldOutputs } = record;
    const { inputs, problems } = await resource.check({ urn, olds: oldInputs, news, log });
    if (problems.length > 0) return described(problems);
    const olds = { id, oldInputs, oldOutputs };
    await resource.diff({ urn, ...olds, news: inputs, log });
    await resource.update({ urn, ...olds, inputs, preview: true, log });
    return [];
  } catch (error) {
    return [`throws ${String(error)}`];
  }
}

/** Texts of a secret that are found outside of it. */
async function shownOf(secret: Value, name: ResourceName, inputs: Properties): Promise<string[]> {
  const resource = bench.resource(name);
  const { log } = bench;
  const { outputs } = await resource.create({ urn: urnOf(name), inputs, preview: false, log });
  const places = {
    inputs: plainText(inputs),
    outputs: plainText(outputs),
    'log messages': JSON.stringify(bench.said),
  };
  return secretStrings(new Secret(secret)).flatMap((text) =>
    Object.entries(places).flatMap(([place, all]) =>
      // Shorter ones, and the name of an input, occur by chance.
      text.length >= MIN_TEXT &&
      text !== 'sigstore' &&
      all.includes(JSON.stringify(text).slice(1, -1))
        ? [`is in the ${place}: ${text}`]
        : [],
    ),
  );
}

describe.each(NAMES)('inputs of a %s', (what) => {
  it(
    'are accepted',
    async () => {
      const [name, inputs] = of(what);
      expect(await preview(what, inputs)).toEqual([]);
      if (name === 'ImageBuild' || what === 'plan with an identity') return;
      existing.set(what, await bench.create(name, inputs));
    },
    MINUTES,
  );

  it(
    'may each be unknown in a preview, which writes nothing',
    async () => {
      const [, inputs] = of(what);
      const found: string[] = [];
      bench.registry.clearRequests();
      for (const path of pathsOf(inputs)) {
        const problems = await preview(what, changedAt(inputs, path, () => UNKNOWN) as Properties);
        found.push(...problems.map((problem) => `${path.join('.')}: ${problem}`));
      }
      expect(found).toEqual([]);
      expect(bench.writes()).toEqual([]);
    },
    MINUTES,
  );

  it(
    'may each be secret, and are then shown nowhere, or are refused by name',
    async () => {
      const [name, inputs] = of(what);
      const found: string[] = [];
      for (const path of pathsOf(inputs)) {
        let secret: Value = null;
        const marked = (value: Value): Value => new Secret((secret = value));
        const news = changedAt(inputs, path, marked) as Properties;
        bench.said.splice(0);
        const request = { urn: urnOf(name), olds: {}, news, log: bench.log };
        const checked = await bench.resource(name).check(request);
        const unexpected =
          checked.problems.length > 0
            ? checked.problems
                .filter(({ message }) => !message.includes('is marked as secret'))
                .map(({ property, message }) => `${property}: ${message}`)
            : // A build takes a builder, and stores what it got from `check`.
              name === 'ImageBuild'
              ? []
              : await shownOf(secret, name, checked.inputs);
        found.push(...unexpected.map((each) => `${path.join('.')}: ${each}`));
      }
      expect(found).toEqual([]);
    },
    MINUTES,
  );
});
