'use strict';

// @sigstore/oci in a process of its own: it needs modules that jest's loader cannot load.
const { attachArtifactToImage } = require('@sigstore/oci');

const { artifact, ...options } = JSON.parse(process.argv[2]);
attachArtifactToImage({
  ...options,
  artifact: Buffer.from(artifact),
  credentials: undefined,
  fetchOpts: { retry: false },
}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
