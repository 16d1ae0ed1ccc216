import { strict as assert } from 'node:assert';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ConfigValue, Deployer, Deployment, Stack } from './deployer';
import { deploymentOf } from './manifest';
import { type DemoOutputs, writeOutputs } from './outputs';
import { type Chain, drawChain } from './picture';
import { showRefusals } from './refusals';
import { isDirty } from './source-state';
import { ok, print, step } from './terminal';
import type { World } from './world';

const REPOSITORY = 'demo/hello';
const IDENTITY = 'https://ci.example/demo/hello/.ci/release.yml@refs/heads/main';

type LogEntries = Chain['logEntries'];

interface QuickstartOutputs {
  readonly imageRef: string;
  readonly digest: string;
  readonly signer: { readonly keyId?: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly logEntries: LogEntries;
}

function must(deployment: Deployment, what: string): void {
  if (!deployment.ok) throw new Error(`${what} failed; the errors are above`);
}

/** Runs the steps of the demo; throws if the result of a step is not as expected. */
export async function runStory(
  world: World,
  deployer: Deployer,
  root: string,
): Promise<DemoOutputs> {
  const { registry, sigstore, folder, keys } = world;
  print(`Deploying with ${deployer.title}.`);
  print(
    `Registry: ${registry.host}. Sigstore: log ${sigstore.rekorUrl}, CA ${sigstore.fulcioUrl}.`,
  );
  const dirty: Record<string, ConfigValue> = {};
  if (await isDirty(root)) {
    print('This clone has uncommitted changes: signing with source.allowDirty, which is recorded.');
    dirty['allowDirty'] = 'true';
  }
  const quickstart: Stack = {
    example: 'quickstart-ts',
    name: 'npm-run-demo',
    config: {
      image: `${registry.host}/${REPOSITORY}:latest`,
      key: keys.privateKey,
      keyPassword: { secret: keys.password },
      sigstore: JSON.stringify({ rekorUrl: sigstore.rekorUrl, trustedRoot: world.trustedRoot }),
      ...dirty,
    },
  };

  step('Preview: lists the planned actions and writes nothing');
  must(await deployer.preview(quickstart), 'the preview');
  assert.deepEqual(world.writes(), [], 'a preview must not write');
  ok('no request to registry or log wrote anything');

  step('Up: build, push, sign, attach provenance, verify, deploy');
  const first = await deployer.up(quickstart);
  must(first, 'the deployment');
  const built = first.outputs as unknown as QuickstartOutputs;
  const manifest = deploymentOf(await deployer.resources(quickstart));
  if (!manifest?.includes(built.imageRef)) {
    throw new Error('the Deployment must take the verified reference');
  }
  const deployment = join(folder, 'deployment.yaml');
  await writeFile(deployment, manifest);
  ok(`${built.imageRef} is verified, and the Deployment takes it`);

  step('Up again: without changes, nothing is written');
  world.clearRequests();
  const second = await deployer.up(quickstart);
  must(second, 'the second deployment');
  assert.equal(second.outputs['digest'], built.digest, 'the digest must stay');
  assert.deepEqual(world.writes(), [], 'a second update must not write');
  ok('no request to registry or log wrote anything');

  step('A second signer: a CI identity signs the same image, without a key');
  const tokenFile = join(folder, 'identity-token');
  await writeFile(tokenFile, sigstore.issuer.token({ subject: IDENTITY }), { mode: 0o600 });
  const keyless = await deployer.up({
    example: 'existing-image-keyless-ts',
    name: 'npm-run-demo',
    config: {
      image: built.imageRef,
      tokenFile,
      transparency: 'private',
      sigstore: JSON.stringify({
        fulcioUrl: sigstore.fulcioUrl,
        rekorUrl: sigstore.rekorUrl,
        trustedRoot: world.trustedRoot,
      }),
      ...dirty,
    },
  });
  await rm(tokenFile);
  must(keyless, 'signing with the identity');
  ok(`${IDENTITY} signed the image too; the key's signature is unchanged`);

  await showRefusals(world, deployer, {
    repository: REPOSITORY,
    genuine: built.digest,
    quickstart,
  });

  step('From the commit to the Deployment');
  const signer = keyless.outputs['signer'] as {
    readonly identity: string;
    readonly issuer: string;
  };
  const outputs: DemoOutputs = {
    imageRef: built.imageRef,
    digest: built.digest,
    repository: `${registry.host}/${REPOSITORY}`,
    publicKey: keys.publicKey,
    trustedRoot: world.trustedRoot,
    identity: signer.identity,
    issuer: signer.issuer,
    deployment,
  };
  await writeOutputs(folder, outputs);
  print(
    drawChain({
      commit: built.annotations['commit'],
      repository: built.annotations['repo'],
      builder: built.annotations['builder'],
      imageRef: built.imageRef,
      digest: built.digest,
      keyId: built.signer.keyId,
      identity: signer.identity,
      issuer: signer.issuer,
      logEntries: [...built.logEntries, ...(keyless.outputs['logEntries'] as LogEntries)],
      deployment: '.demo/deployment.yaml',
    }),
  );
  print('\n.demo/deployment.yaml:\n');
  print((await readFile(deployment, 'utf8')).replace(/^/gm, '   ').trimEnd());
  print('\nAll steps passed. The outputs are in .demo/outputs.json.');
  return outputs;
}
