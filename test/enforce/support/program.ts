/**
 * The program of the tests of `requireVerifiedImages`: declares the resources of `declared.json`.
 * An image of a workload is `$verified` (the reference of the VerifiedImage), or any other text.
 */
export const PROGRAM = `
const { readFileSync } = require('node:fs');
const pulumi = require('@pulumi/pulumi');
const { requireVerifiedImages, VerifiedImage } = require('pulumi-signed-image');

const declared = JSON.parse(readFileSync('declared.json', 'utf8'));
requireVerifiedImages(declared.requirement);
if (declared.meddle) {
  // Runs after ours, like a transform of another library: only the hook detects its change.
  pulumi.runtime.registerResourceTransform(({ type, props, opts }) => type === (declared.meddleWith ?? 'kubernetes:core/v1:Pod')
    ? { props: { ...props, spec: { containers: [{ name: 'app', image: declared.meddle }] } }, opts }
    : undefined);
}
const verified = new VerifiedImage('app', declared.verified);

class Workload extends pulumi.CustomResource {}
const late = () => new Workload('kubernetes:core/v1:ConfigMap', 'late', {}).id;

const revive = (value) => {
  if (value === '$verified') return verified.imageRef;
  if (value === '$tag') return pulumi.interpolate\`\${verified.imageRef.apply((text) => text.split('@')[0])}:v1\`;
  if (value === '$late') return late().apply(() => 'nginx:1');
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
};

class Library extends pulumi.ComponentResource {
  constructor(name, children) {
    super('library:index:Library', name, {});
    for (const [child, type, props] of children) new Workload(type, child, props, { parent: this });
  }
}

const made = Object.entries(declared.workloads).map(([type, props]) => [type.split(':').pop().toLowerCase(), type, revive(props)]);
if (declared.inComponent) new Library('library', made);
else for (const [name, type, props] of made) new Workload(type, name, props);
exports.imageRef = verified.imageRef;
`;
