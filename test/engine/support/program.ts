/**
 * The program that every scenario runs: it declares what `declared.json` says, and logs each
 * verified reference as soon as it is known (in a preview too).
 */
export const PROGRAM = `
const { readFileSync } = require('node:fs');
const pulumi = require('@pulumi/pulumi');
const signedImage = require('pulumi-signed-image');
const { Provider, SignedImage, VerifiedImage } = signedImage;

const made = {};
const revive = (value) => {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  if ('$secret' in value) return pulumi.secret(value.$secret);
  if ('$imageRefOf' in value) return made[value.$imageRefOf].imageRef;
  if ('$late' in value) return pulumi.output(Promise.resolve(value.$late));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
};

class RemoteSignedImage extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    const outputs = { digest: undefined, imageRef: undefined, signer: undefined, annotations: undefined,
      certificate: undefined, bundles: undefined, logEntries: undefined, provenance: undefined, verification: undefined, proof: undefined };
    super('signed-image:index:SignedImage', name, { ...outputs, ...args }, opts, true);
  }
}

const deploy = (name, image) => {
  const { apps } = require('@pulumi/kubernetes');
  const labels = { app: name };
  new apps.v1.Deployment(name, {
    metadata: { labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: image.imageRef }] } },
    },
  });
};

const declared = JSON.parse(readFileSync('declared.json', 'utf8'));
const Kind = declared.use === 'remote' ? RemoteSignedImage : SignedImage;
const providers = Object.fromEntries(
  Object.entries(declared.providers ?? {}).map(([name, args]) => [name, new Provider(name, revive(args))]),
);
const make = (kinds, of) => Object.entries(kinds ?? {}).map(([name, { $provider, ...args }]) => [
  name,
  new of(name, revive(args), { provider: providers[$provider] }),
]);
for (const [name, { $function, ...args }] of Object.entries(declared.calls ?? {})) {
  exports[name] = signedImage[$function](revive(args));
}
for (const [name, { $type, ...args }] of Object.entries(declared.policies ?? {})) {
  new pulumi.ComponentResource('signed-image:index:' + $type, name, revive(args), {}, true);
}
const images = make(declared.images, Kind);
Object.assign(made, Object.fromEntries(images));
const verified = make(declared.verified, VerifiedImage);
for (const [name, image] of images) {
  exports[name] = {
    digest: image.digest, imageRef: image.imageRef, signer: image.signer, annotations: image.annotations,
    logEntries: image.logEntries, provenance: image.provenance, certificate: image.certificate,
    ...(declared.proofs && { proof: image.proof }),
  };
}
for (const [name, image] of verified) {
  exports[name] = {
    digest: image.digest, imageRef: image.imageRef, signer: image.signer,
    ...(declared.proofs && { proof: image.proof }),
  };
}
for (const [name, image] of [...images, ...verified]) {
  image.imageRef.apply((reference) => pulumi.log.info(name + ' is ' + reference));
  if (declared.deploy?.includes(name)) deploy(name, image);
}
`;
