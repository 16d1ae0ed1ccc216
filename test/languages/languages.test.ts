import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  type EngineKind,
  type EngineUnderTest,
  enginesUnderTest,
  type RunOutcome,
} from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { runTool } from '../interop/support/tools';
import { isOnPath } from './support/command';
import { copyExample } from './support/example';
import { GENERATED_ONLY, type GeneratedOnly, LANGUAGES } from './support/languages';
import { checkCell, type Column, COLUMNS, recordCell, recordTable } from './support/table';
import { openWorld, PASSWORD, SDK, type World } from './support/world';

const MINUTES = 60_000;
const ENGINES: Readonly<Record<EngineKind['engine'], string>> = {
  local: 'local engine',
  real: 'pulumi',
};

let world: World;
beforeAll(async () => (world = await openWorld()), 15 * MINUTES);
afterAll(() => world?.close());

/** The steps that changed something, without the outputs of the stack. */
const changes = ({ steps }: RunOutcome): readonly string[] =>
  steps
    .filter(({ op }) => op !== 'same' && op !== 'refresh')
    .map(({ op, name }) => `${op} ${name}`);

const succeeded = (run: RunOutcome): void => {
  if (!run.ok) throw new Error([...run.errors, run.logs].join('\n'));
};

const writes = (): readonly string[] =>
  world.registry.requests
    .filter(({ method }) => !['GET', 'HEAD'].includes(method))
    .map(({ method, path }) => `${method} ${path}`);

const withoutCell = (row: string, column: Column, reason: string): void => {
  it(`${column}: not here, because ${reason}`, () => {
    recordCell(row, column, { outcome: 'not here', reason });
  });
};

const rows = LANGUAGES.flatMap((language) =>
  enginesUnderTest().map((kind) => ({
    row: `${language.name}, ${ENGINES[kind.engine]}`,
    language,
    kind,
  })),
);
const lacking = ({ language, kind }: (typeof rows)[number]): string | undefined =>
  kind.engine === 'local' || language.host === undefined || isOnPath(language.host)
    ? undefined
    : `${language.host} is not on the PATH`;
const runnable = rows.filter((each) => lacking(each) === undefined);
const generatedOnly: readonly GeneratedOnly[] = [
  ...GENERATED_ONLY,
  ...rows.flatMap((each) => {
    const { row, language } = each;
    const reason = lacking(each);
    return reason === undefined ? [] : [{ row, sdk: language.sdk, reason }];
  }),
];
recordTable([...runnable, ...generatedOnly].map(({ row }) => row));

describe.each(runnable)('$row', ({ row, language, kind }) => {
  const cell = (column: Column, check: () => Promise<void> | void): void => {
    const reason = language.without?.[column];
    if (reason !== undefined) return withoutCell(row, column, reason);
    it(column, () => checkCell(row, column, check), 10 * MINUTES);
  };
  let project: string;
  let engine: EngineUnderTest;

  beforeAll(async () => {
    project = join(world.folder, row.replaceAll(/\W+/g, '-'));
    copyExample(language.example, project, world);
    await language.install?.(project, world);
    const { reference } = await pushImage(world.registry.host);
    engine = kind.create({ projectDir: project, dir: `${project}-state`, env: world.env });
    await engine.setConfig('image', reference);
    await engine.setConfig('key', world.key.privateKey);
    await engine.setConfig('keyPassword', { secret: PASSWORD });
    await engine.setConfig('publicKey', world.key.publicKey);
  }, 15 * MINUTES);

  afterAll(async () => {
    await engine?.dispose();
    language.uninstall?.(world);
  });

  cell('SDK generated', () => {
    expect(existsSync(join(SDK, language.sdk ?? ''))).toBe(true);
  });

  cell('compiles', () => language.compile?.(project, world));

  cell('preview', async () => {
    world.registry.clearRequests();
    const preview = await engine.preview();
    succeeded(preview);
    expect(changes(preview)).toContain('create existing');
    // A preview writes nothing.
    expect(writes()).toEqual([]);
  });

  cell('up', async () => {
    succeeded(await engine.up());
    const { imageRef, digest } = await engine.outputs();
    expect(imageRef).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(imageRef).toContain(String(digest));
  });

  cell('second up without change', async () => {
    const update = await engine.up();
    succeeded(update);
    expect(changes(update)).toEqual([]);
  });

  cell('empty preview', async () => {
    const preview = await engine.preview();
    succeeded(preview);
    expect(changes(preview)).toEqual([]);
  });

  cell('cosign verifies', async () => {
    const { imageRef } = await engine.outputs();
    const verify = await runTool(world.cosign, [
      ...['verify', '--key', world.key.publicKey, '--insecure-ignore-tlog'],
      ...['--allow-http-registry', String(imageRef)],
    ]);
    expect(verify).toMatchObject({ code: 0 });
  });

  cell('refresh', async () => {
    const refresh = await engine.refresh();
    succeeded(refresh);
    expect(changes(refresh)).toEqual([]);
  });

  cell('no secret in the state', async () => {
    const texts = [await engine.exportState(), engine.logs()];
    expect(texts[0]).toContain('signed-image:index:SignedImage');
    const secrets = [PASSWORD, readFileSync(world.key.privateKey, 'utf8').split('\n')[1] ?? ''];
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  });

  cell('destroy', async () => {
    succeeded(await engine.destroy());
    expect(await engine.exportState()).not.toContain('signed-image:index:SignedImage');
  });
});

describe.each(generatedOnly)('$row', ({ row, sdk, reason }) => {
  for (const column of COLUMNS) {
    if (column !== 'SDK generated' || sdk === undefined) {
      withoutCell(row, column, reason);
    } else {
      it(column, () => checkCell(row, column, () => expect(existsSync(join(SDK, sdk))).toBe(true)));
    }
  }
});
