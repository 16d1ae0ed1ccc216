import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { localEngine } from '../../dev/engine/under-test';
import { loadTools, type Tools } from './support/tools';

const MINUTES = 60_000;

let tools: Tools;
let dir: string;
beforeAll(async () => (tools = await loadTools()), MINUTES);
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'languages-errors-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
const preview = () => {
  const path = [dirname(tools.yaml), process.env['PATH'] ?? ''].join(':');
  return localEngine({ projectDir: dir, dir, env: { PATH: path } }).preview();
};

it(
  'a Go program that does not compile fails the run with the output of the compiler',
  async () => {
    write('Pulumi.yaml', 'name: demo\nruntime: go\n');
    write('go.mod', 'module demo\n\ngo 1.26.0\n');
    write('main.go', 'package main\n\nfunc main() { undefinedName() }\n');
    const { ok, errors, logs } = await preview();
    expect([ok, errors]).toEqual([false, ['the program ended with exit code 1']]);
    expect(logs).toContain('undefined: undefinedName');
  },
  5 * MINUTES,
);

it(
  'an exception in a Python program is one error with its place',
  async () => {
    const environment = dirname(dirname(tools.python));
    write(
      'Pulumi.yaml',
      `name: demo\nruntime: { name: python, options: { virtualenv: ../..${environment} } }\n`,
    );
    write('__main__.py', 'import pulumi\n\nraise ValueError("no such region")\n');
    const { ok, errors } = await preview();
    expect(ok).toBe(false);
    expect(errors).toEqual([expect.stringMatching(/__main__.py", line 3[^]*no such region/)]);
  },
  5 * MINUTES,
);

it(
  'an unknown property of a YAML program is an error of the language host',
  async () => {
    write('Pulumi.yaml', 'name: demo\nruntime: yaml\nresources:\n  a:\n    typo: x\n');
    const { ok, logs } = await preview();
    expect(ok).toBe(false);
    expect(logs).toContain('typo');
  },
  5 * MINUTES,
);
