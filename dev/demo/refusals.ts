import { strict as assert } from 'node:assert';

import type { Deployer, Stack } from './deployer';
import { Forger } from './forgery';
import { deploymentOf } from './manifest';
import { ok, print, step } from './terminal';
import type { World } from './world';

export interface Genuine {
  /** Repository of the signed image, without the host. */
  readonly repository: string;
  /** Its digest. */
  readonly genuine: string;
  /** The stack that created it. */
  readonly quickstart: Stack;
}

/** Shows that an altered image, or one without a signature of the trusted key, is not deployed. */
export async function showRefusals(
  world: World,
  deployer: Deployer,
  { repository, genuine, quickstart }: Genuine,
): Promise<void> {
  const { registry } = world;
  const verify = (name: string, image: string): Stack => ({
    example: 'verified-image-ts',
    name: `npm-run-demo-${name}`,
    config: {
      image: `${registry.host}/${image}`,
      publicKey: world.keys.publicKey,
      transparency: 'log',
      sigstore: JSON.stringify({ trustedRoot: world.trustedRoot }),
    },
  });
  const refused = async (stack: Stack, reason: RegExp): Promise<void> => {
    const { ok: deployed, messages } = await deployer.up(stack);
    assert.ok(!deployed, 'this must not be deployed');
    assert.match(messages, reason, 'it must be refused for the right reason');
    assert.equal(deploymentOf(await deployer.resources(stack)), undefined, 'no Deployment');
    ok('refused; no Deployment was created');
  };

  step('The genuine image verifies with the public key alone and is deployed');
  const allowed = await deployer.up(verify('genuine', `${repository}@${genuine}`));
  assert.ok(allowed.ok, 'the genuine image must verify');
  ok('verified, with the log entry');

  step('An altered image with copies of the genuine signatures is refused');
  const altered = await new Forger(registry.url, repository).alter(genuine);
  await refused(
    verify('altered', `${repository}@${altered}`),
    /\[VERIFY_(SIGNATURE_INVALID|UNSIGNED)\]/,
  );

  step('A signature of another signer is refused');
  const foreign = 'third-party/hello';
  print('   a third party builds the same image and signs it with their own key:');
  const made = await deployer.up({
    ...quickstart,
    name: 'npm-run-demo-third-party',
    config: {
      ...quickstart.config,
      image: `${registry.host}/${foreign}:latest`,
      key: world.thirdPartyKeys.privateKey,
      keyPassword: { secret: world.thirdPartyKeys.password },
    },
  });
  assert.ok(made.ok, "the third party's own deployment must succeed");
  print('   the image is verified with the trusted key:');
  const digest = String(made.outputs['digest']);
  await refused(verify('foreign', `${foreign}@${digest}`), /\[VERIFY_SIGNER_MISMATCH\]/);
}
