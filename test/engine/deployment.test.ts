import { enginesUnderTest } from '../../dev/engine/under-test';
import { asStackExport } from '../report/support/recorded';
import {
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
} from './support/stage';

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';

interface State {
  readonly deployment: {
    readonly resources?: readonly { readonly type: string; readonly inputs: DeploymentInputs }[];
  };
}

interface DeploymentInputs {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { image: string }[] } };
  };
}

/** The images of all Deployments in a state. */
function deployedIn(state: string): readonly string[] {
  const { deployment } = JSON.parse(asStackExport(state)) as State;
  return (deployment.resources ?? [])
    .filter(({ type }) => type === DEPLOYMENT)
    .flatMap(({ inputs }) => inputs.spec.template.spec.containers.map(({ image }) => image));
}

describe.each(enginesUnderTest())(
  'a Deployment of a signed image, on the $engine engine',
  (kind) => {
    let stage: Stage;

    const declared = (annotations: Readonly<Record<string, string>> = {}): object => ({
      image: `${stage.registry.host}/team/app`,
      build: { context: 'app' },
      key: { ref: stage.key.ref, password: secret(stage.key.password) },
      annotations,
    });

    beforeAll(async () => {
      stage = await openStage();
    });
    afterAll(() => stage.close());

    it(
      'has the verified digest, and stays when only an annotation changes',
      async () => {
        stage.declare({ use: 'local', images: { app: declared() }, deploy: ['app'] });
        const stack = stage.stack(kind);
        expect((await stack.up()).errors).toEqual([]);
        const { imageRef, digest } = await imageOutputs(stack);
        expect(imageRef).toBe(`${stage.registry.host}/team/app@${digest}`);
        expect(deployedIn(await stack.exportState())).toEqual([imageRef]);

        stage.declare({
          use: 'local',
          images: { app: declared({ stage: 'production' }) },
          deploy: ['app'],
        });
        const preview = await stack.preview();
        expect(preview.errors).toEqual([]);
        expect(deedsOf(preview)).toEqual(['update app-signature', 'update app-verified']);
      },
      SCENARIO,
    );

    it(
      'is not made when the verification fails',
      async () => {
        const otherSigner = await stage.newKey('stranger', 'a password of a stranger');
        const image = `${stage.registry.host}/team/app`;
        const [signed] = [...stage.registry.store.manifests('team/app').keys()];
        stage.declare({
          use: 'local',
          verified: { app: { image: `${image}@${signed}`, keys: [otherSigner.publicKey] } },
          deploy: ['app'],
        });
        const stack = stage.stack(kind);
        const up = await stack.up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toContain('VERIFY_SIGNER_MISMATCH');
        expect(saidBy(up)).not.toContain(DEPLOYMENT);
        expect(deployedIn(await stack.exportState())).toEqual([]);
      },
      SCENARIO,
    );
  },
);
