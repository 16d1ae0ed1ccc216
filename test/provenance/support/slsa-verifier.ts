import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { programPath } from '../../../dev/services/program-path';
import type { PushedImage } from '../../interop/support/images';
import type { Stack } from '../../interop/support/stack';
import { type ToolRun, runTool } from '../../interop/support/tools';
import { BUILDER } from './github-job';

const SOURCE = 'github.com/octo-org/octo-repo';

/** The manifest's bytes, whose digest is the subject. */
async function manifestFile(
  { folder }: Stack,
  { repository, digest }: PushedImage,
): Promise<string> {
  const [host = '', ...path] = repository.split('/');
  const answer = await fetch(`http://${host}/v2/${path.join('/')}/manifests/${digest}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const file = join(folder, `${digest.slice(-12)}.json`);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

/** Offline: whatever is not on this machine is refused at once. */
const OFFLINE = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

/** Runs `slsa-verifier verify-github-attestation` with the private trusted root of the stack. */
export async function slsaVerifier(
  stack: Stack,
  image: PushedImage,
  bundle: string,
  source = SOURCE,
  builder = BUILDER,
) {
  const artifact = await manifestFile(stack, image);
  return runTool(
    programPath('slsa', 'slsa-verifier-private'),
    [stack.trustedRoot, bundle, source, builder, artifact],
    { env: { ...OFFLINE, HOME: stack.folder } },
  );
}

/** Runs slsa-verifier itself, which knows only Sigstore's public trusted root. */
export async function publicSlsaVerifier(
  stack: Stack,
  image: PushedImage,
  bundle: string,
): Promise<ToolRun> {
  return runTool(
    programPath('slsa', 'slsa-verifier'),
    [
      'verify-github-attestation',
      ...['--attestation-path', bundle, '--source-uri', SOURCE, '--builder-id', BUILDER],
      await manifestFile(stack, image),
    ],
    { env: { ...OFFLINE, HOME: stack.folder } },
  );
}
