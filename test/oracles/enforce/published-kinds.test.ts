import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadAll } from 'js-yaml';

import { requirementOf } from '../../../src/enforce/program/requirement';
import { checkResource } from '../../../src/enforce/program/resource-check';
import { ask } from '../../enforce/policy/support/verdicts';
import { recordOracle } from '../support/tally';

/** Go modules that contain the definitions that their projects publish; the sum is that of go.sum. */
const MODULES: readonly (readonly [module: string, sum: string, folder: string])[] = [
  [
    'knative.dev/serving@v0.51.0',
    'h1:yN2Q7eYqJgoPfZkATjoBZyGbZ2P1Qhns9HIMU4mF+to=',
    'config/core/300-resources',
  ],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    'example/prometheus-operator-crd-full',
  ],
  [
    'github.com/ray-project/kuberay/ray-operator@v1.5.0',
    'h1:KCjCQ7PSsvs9Ke+90CZbbs498nuaIJ/JkXk4vd54EVg=',
    'config/crd/bases',
  ],
  [
    'github.com/kedacore/keda/v2@v2.21.0',
    'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    'config/crd/bases',
  ],
  [
    'sigs.k8s.io/kueue@v0.17.0',
    'h1:7hzb38M4eKGzYW+CFv2s1L+swzzacUCHOCXxZmAV90I=',
    'config/components/crd/bases',
  ],
  [
    'github.com/k3s-io/helm-controller@v0.17.9',
    'h1:HhZTiFhVDzhbAYeb/aSlExWhJTnDTpHypMqu5Mh8Uow=',
    'pkg/crds/yaml/generated',
  ],
  [
    'github.com/kyverno/kyverno@v1.19.1',
    'h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=',
    'config/crds/policies.kyverno.io',
  ],
];

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

interface Definition {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
}

function definitions(): readonly Definition[] {
  return MODULES.flatMap(([module, sum, folder]) => {
    const args = ['mod', 'download', '-json', module];
    const said = execFileSync('go', args, { cwd: tmpdir(), encoding: 'utf8' });
    const found = JSON.parse(said) as { readonly Dir: string; readonly Sum: string };
    if (found.Sum !== sum) throw new Error(`${module} is not what it was: ${found.Sum}`);
    const path = join(found.Dir, folder);
    return readdirSync(path)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => loadAll(readFileSync(join(path, file), 'utf8')) as Definition[])
      .filter((document) => document?.kind === 'CustomResourceDefinition');
  });
}

/** Names with `image` in them that are not an image: pull policies and pull secrets. */
const NO_IMAGE =
  /(?:PullPolicy|PullSecrets?|GCHigh.*|GCLow.*|Digests?|ID|Type|PullProgressDeadline)$/;
/** By what its authors say of it, whatever it is called. */
const SAID = /(?:container|docker|oci) image (?:name|to use|reference|url)/i;
/** Described so, and something else: why. */
const EXCEPT: Readonly<Record<string, string>> = {
  imagePullPolicy: 'when it is pulled',
  pullPolicy: 'when it is pulled',
  tag: 'a part, which has no registry',
  sha: 'a part, which has no registry',
  version: 'a version, of which the operator makes the image',
};

type Step = string | typeof ITEM | typeof MEMBER;
const ITEM = Symbol('item');
const MEMBER = Symbol('member');

/** Paths of all texts of a schema that contain an image, by their names and descriptions. */
function imagePaths(schema: Schema): readonly (readonly Step[])[] {
  const found: (readonly Step[])[] = [];
  const visit = (at: Schema, path: readonly Step[], named: boolean): void => {
    const name = path.findLast((step) => typeof step === 'string') ?? '';
    const isText = at.type === 'string' && at.properties === undefined;
    const isImage =
      (/image/i.test(String(name)) && !NO_IMAGE.test(String(name))) ||
      (named && name === 'reference') ||
      (SAID.test(at.description ?? '') && EXCEPT[String(name)] === undefined);
    if (isText && isImage) found.push(path);
    const inside = /image$/i.test(String(name));
    for (const [key, member] of Object.entries(at.properties ?? {}))
      visit(member, [...path, key], inside);
    if (at.items) visit(at.items, [...path, ITEM], named);
    if (typeof at.additionalProperties === 'object')
      visit(at.additionalProperties, [...path, MEMBER], named);
  };
  visit(schema, [], false);
  // Status fields that controllers write are not sent by programs; the name of an object is not an image.
  return found.filter(([top]) => top !== 'status' && top !== 'metadata');
}

function objectWith(path: readonly Step[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => {
    if (step === ITEM) return [inner];
    return { [step === MEMBER ? 'x' : step]: inner };
  }, value);
}

const shown = (path: readonly Step[]): string =>
  path.map((step) => (step === ITEM ? '*' : step === MEMBER ? '<name>' : step)).join('.');

const IMAGES = [
  'registry.example.com/canary/miner:1',
  `registry.example.com:5000/canary/miner@sha256:${'2b'.repeat(32)}`,
  'canary/miner',
  'miner:latest',
  'miner',
  'localhost/canary/miner:v1.2.3-rc.1',
  'docker.io/library/miner:1_2',
  `docker.io/canary/deep/er/miner:1@sha256:${'3c'.repeat(32)}`,
];

test('the program and the policy pack find every image that the published schemas know', () => {
  const differences: string[] = [];
  let inputs = 0;
  const requirement = requirementOf({});
  const pack = ask('images-verified');
  for (const { spec } of definitions()) {
    for (const { name: version, schema } of spec.versions) {
      const type = `kubernetes:${spec.group}/${version}:${spec.names.kind}`;
      for (const path of imagePaths(schema?.openAPIV3Schema ?? {})) {
        for (const image of IMAGES) {
          inputs += 1;
          const properties = objectWith(path, image) as Readonly<Record<string, unknown>>;
          let program = true;
          try {
            checkResource({ type, name: 'x', properties }, requirement, new Set());
          } catch {
            program = false;
          }
          const said = pack.before({
            type,
            name: 'x',
            provider: 'pulumi:providers:kubernetes',
            props: properties,
          });
          if (program) differences.push(`program: ${type} ${shown(path)} ${image}`);
          if (said.length === 0) differences.push(`pack: ${type} ${shown(path)} ${image}`);
        }
      }
    }
  }
  recordOracle('images of custom kinds: published schemas', inputs, differences.length);
  expect(differences).toEqual([]);
  expect(inputs).toBeGreaterThan(900);
}, 300_000);
