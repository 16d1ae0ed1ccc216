import { join } from 'node:path';

import * as pulumi from '@pulumi/pulumi';

import { createEngine, type RunResult } from '../../../dev/engine';
import { localEngine } from '../../../dev/engine/under-test';
import { requireVerifiedImages, VerifiedImage } from '../../../src';
import { openStage, SCENARIO, type Stage } from '../../engine/support/stage';

class Pod extends pulumi.CustomResource {
  constructor(image: pulumi.Input<string>) {
    super('kubernetes:core/v1:Pod', 'app', { spec: { containers: [{ name: 'app', image }] } });
  }
}

describe('programs that run in one process, as those of the Automation API do', () => {
  let stage: Stage;
  let signed: string;

  /** Runs a program in this process, by the language server of the SDK. */
  const up = (stack: string, inline: () => Promise<unknown>): Promise<RunResult> =>
    createEngine({
      projectDir: stage.projectDir,
      stack,
      stateFile: join(stage.stateDir, `${stack}.json`),
      passphrase: 'a passphrase for tests',
      inline,
    }).up();
  const errors = ({ diagnostics }: RunResult): string =>
    diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ message }) => message)
      .join('\n');
  const verify = () => new VerifiedImage('app', { image: signed, keys: [stage.key.publicKey] });

  beforeAll(async () => {
    stage = await openStage();
    const { password, ref } = stage.key;
    stage.declare({
      use: 'local',
      images: {
        app: {
          image: `${stage.registry.host}/team/app`,
          build: { context: 'app' },
          key: { ref, password: { $secret: password } },
        },
      },
    });
    const stack = stage.stack({ engine: 'local', create: localEngine });
    expect((await stack.up()).errors).toEqual([]);
    signed = ((await stack.outputs())['app'] as { readonly imageRef: string }).imageRef;
  }, SCENARIO);
  afterAll(() => stage.close());

  test(
    'what one has verified does not count for the next',
    async () => {
      const first = await up('one', async () => {
        requireVerifiedImages();
        new Pod(verify().imageRef);
      });
      expect([first.ok, errors(first)]).toEqual([true, '']);
      const second = await up('two', async () => {
        requireVerifiedImages();
        new Pod(signed);
      });
      expect(second.ok).toBe(false);
      expect(errors(second)).toContain('IMAGE_NOT_VERIFIED');
    },
    SCENARIO,
  );

  test(
    'what one has verified does not count for another that runs at the same time',
    async () => {
      let verified: () => void = () => undefined;
      const isVerified = new Promise<void>((resolve) => (verified = resolve));
      let checked: () => void = () => undefined;
      const isChecked = new Promise<void>((resolve) => (checked = resolve));
      const [first, second] = await Promise.all([
        up('beside', async () => {
          requireVerifiedImages();
          verify().imageRef.apply(() => verified());
          await isChecked;
          new Pod(signed);
        }),
        up('other', async () => {
          requireVerifiedImages();
          await isVerified;
          new Pod(signed);
        }).finally(() => checked()),
      ]);
      expect([first.ok, errors(first)]).toEqual([true, '']);
      expect(second.ok).toBe(false);
      expect(errors(second)).toContain('IMAGE_NOT_VERIFIED');
    },
    SCENARIO,
  );

  test(
    'what a run has verified does not count for the next run of the same stack',
    async () => {
      const before = await up('same', async () => {
        requireVerifiedImages();
        verify();
      });
      expect([before.ok, errors(before)]).toEqual([true, '']);
      const after = await up('same', async () => {
        requireVerifiedImages();
        new Pod(signed);
      });
      expect(after.ok).toBe(false);
      expect(errors(after)).toContain('IMAGE_NOT_VERIFIED');
    },
    SCENARIO,
  );
});
