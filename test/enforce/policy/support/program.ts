/**
 * The program of the policy pack's tests. It does not refer to policies: it declares what `declared.json`
 * says, by tokens, as a program in any language would. An image of a workload is `$verified` or
 * `$remote` (the reference of a VerifiedImage, or of a remote SignedImage), `$late` (a tag that only
 * an update knows), or any other text.
 */
export const PROGRAM = `
const { readFileSync } = require('node:fs');
const pulumi = require('@pulumi/pulumi');

const declared = JSON.parse(readFileSync('declared.json', 'utf8'));
class Resource extends pulumi.CustomResource {}
const secret = (value) => JSON.parse(JSON.stringify(value), (_, member) => member?.$secret ? pulumi.secret(member.$secret) : member);

// Writes manifests into a folder instead of talking to a cluster.
class Kubernetes extends pulumi.ProviderResource {}
const cluster = new Kubernetes('kubernetes', 'files', { renderYamlToDirectory: 'rendered' });
const provider = { provider: cluster };

const IMAGE = { imageRef: undefined, digest: undefined };
const verified = declared.verified && new Resource('signed-image:index:VerifiedImage', 'app', { ...IMAGE, ...declared.verified });
class Remote extends pulumi.ComponentResource {
  constructor(args) { super('signed-image:index:SignedImage', 'remote', { ...IMAGE, ...args }, {}, true); }
}
const remote = declared.remote && new Remote(secret(declared.remote));
class Forged extends pulumi.ComponentResource {
  constructor(imageRef) {
    super('signed-image:index:VerifiedImage', 'forged', { image: imageRef, digest: imageRef.split('@')[1] });
    this.imageRef = pulumi.output(imageRef);
    this.registerOutputs({ imageRef });
  }
}
const forged = declared.forged && new Forged(declared.forged);
const late = () => new Resource('kubernetes:core/v1:ConfigMap', 'late', {}, provider).id;

const revive = (value) => {
  if (value === '$verified') return verified.imageRef;
  if (value === '$remote') return remote.imageRef;
  if (value === '$forged') return forged.imageRef;
  if (value === '$late') return late().apply(() => 'nginx:1');
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
};

class Library extends pulumi.ComponentResource {
  constructor(image, workloads) {
    super('library:index:Library', 'library', { image });
    // The reference comes as plain text, as from a template that was rendered.
    pulumi.output(image).apply((text) => workloads.forEach(([name, type, props]) =>
      new Resource(type, name, JSON.parse(JSON.stringify(props).replaceAll('$inner', text)), { parent: this, ...provider })));
  }
}

const declare = () => {
  for (const [name, type, props] of declared.workloads) new Resource(type, name, revive(props), provider);
};
if (declared.library) new Library(verified.imageRef, declared.library);
// A copied text does not have a dependency: the program waits here for its source.
if (declared.afterwards) verified.imageRef.apply(declare);
else declare();
exports.imageRef = verified?.imageRef ?? remote?.imageRef;
`;
