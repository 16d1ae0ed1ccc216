import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { enginesUnderTest } from '../../dev/engine/under-test';
import { loadTools, type Tools } from './support/tools';

const MINUTES = 60_000;

let tools: Tools;
let dir: string;
beforeAll(async () => (tools = await loadTools()), MINUTES);
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'languages-yaml-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

// docs/installation-configuration.md names this and the remedy.
it.each(enginesUnderTest())(
  'JSON text in the configuration of a YAML program is an object, and fn::toJSON makes it text again ($engine engine)',
  async ({ create }) => {
    const program = [
      'name: demo',
      'runtime: yaml',
      'config: { root: { type: string } }',
      'outputs: { read: "${root}", text: { fn::toJSON: "${root}" } }',
    ];
    writeFileSync(join(dir, 'Pulumi.yaml'), `${program.join('\n')}\n`);
    const PATH = [dirname(tools.yaml), process.env['PATH'] ?? ''].join(delimiter);
    const engine = create({ projectDir: dir, dir, env: { PATH } });
    await engine.setConfig('root', '{"a":[1]}');
    const { ok, errors } = await engine.up();
    expect([ok, errors]).toEqual([true, []]);
    expect(await engine.outputs()).toEqual({ read: { a: [1] }, text: '{"a":[1]}' });
    await engine.dispose();
  },
  5 * MINUTES,
);
