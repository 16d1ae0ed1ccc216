import { enginesUnderTest, type RunOutcome } from '../../dev/engine/under-test';
import {
  PASSPHRASE,
  readRecording,
  recordedVersions,
  REGISTRY_PORT,
  restoreRegistry,
  STACK,
  tokenOf,
} from '../../dev/upgrade/recorded-state';
import { deedsOf, openStage, SCENARIO } from './support/stage';

const recordings = enginesUnderTest().flatMap((kind) =>
  recordedVersions().flatMap((version) => {
    const recording = readRecording(version, kind.engine);
    return recording === undefined ? [] : [{ kind, engine: kind.engine, version, recording }];
  }),
);

const changed = (run: RunOutcome): readonly string[] => [...run.errors, ...deedsOf(run)];

describe('a state of an earlier version', () => {
  it.each(recordings)(
    'of $version on the $engine engine is read: no changes, refreshed, updated and destroyed',
    async ({ kind, version, recording }) => {
      const stage = await openStage({ port: REGISTRY_PORT });
      try {
        for (const [path, text] of Object.entries(recording.files)) stage.write(path, text);
        stage.write('job.token', tokenOf(recording.identity));
        stage.write('recorded-version.txt', `${version}\n`);
        stage.commit('the recorded program');
        restoreRegistry(stage.registry.store, recording.registry);
        const stack = stage.stack(kind, {}, undefined, { stack: STACK, passphrase: PASSPHRASE });
        await stack.importState(recording.state);

        expect(changed(await stack.preview())).toEqual([]);
        const refresh = await stack.refresh();
        expect(refresh.errors).toEqual([]);
        expect(refresh.logs).not.toMatch(/is missing|invalid/);
        stage.forget();
        expect(changed(await stack.up())).toEqual([]);
        expect(changed(await stack.preview())).toEqual([]);
        expect(stage.writes()).toEqual([]);

        const declared = stage.read('declared.json').replace('"team":"web"', '"team":"other"');
        stage.write('declared.json', declared);
        const update = await stack.up();
        expect(changed(update)).toEqual(['update built-signature', 'update built-verified']);
        expect(stage.writes()).not.toEqual([]);

        const { errors } = await stack.destroy();
        expect(errors).toEqual([]);
      } finally {
        await stage.close();
      }
    },
    8 * SCENARIO,
  );
});
