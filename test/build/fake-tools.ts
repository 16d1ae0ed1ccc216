import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One run of a tool: what it was given. */
export interface Call {
  readonly tool: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Text of the files that it was pointed at: auth file, docker configuration. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
}

/**
 * Stand-ins for command-line tools that this machine does not have: programs on an own PATH which
 * record their calls and respond as defined by the script. The code under test runs them as
 * it runs the real ones.
 */
export class FakeTools {
  readonly folder = mkdtempSync(join(tmpdir(), 'signed-image-tools-'));
  readonly home = join(this.folder, 'home');
  readonly env: NodeJS.ProcessEnv = { PATH: join(this.folder, 'bin'), HOME: this.home };

  constructor() {
    mkdirSync(join(this.folder, 'bin'));
    mkdirSync(this.home);
  }

  /**
   * `script` is the body of a function `(argv, flag, write)`: `flag(name)` gives the value after a
   * flag, `write(path, text)` writes a file. What it returns is the exit code.
   */
  add(tool: string, script: string): void {
    const path = join(this.folder, 'bin', tool);
    writeFileSync(
      path,
      `#!${process.execPath}\n${PRELUDE}\nmain(${JSON.stringify(tool)}, ${JSON.stringify(this.#record)}, (argv, flag, write) => {${script}});\n`,
    );
    chmodSync(path, 0o755);
  }

  get #record(): string {
    return join(this.folder, 'calls.jsonl');
  }

  get calls(): readonly Call[] {
    if (!existsSync(this.#record)) return [];
    const lines = readFileSync(this.#record, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Call);
  }

  /** The calls whose arguments begin with these, in any position of the command line. */
  callsOf(...words: readonly string[]): readonly Call[] {
    return this.calls.filter(({ argv }) => words.every((word) => argv.includes(word)));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const PRELUDE = `
const fs = require('node:fs');
function main(tool, record, script) {
  const argv = process.argv.slice(2);
  const flag = (name) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  const files = {};
  const note = (name, path) => {
    if (path && fs.existsSync(path)) {
      files[name] = { text: fs.readFileSync(path, 'utf8'), mode: fs.statSync(path).mode & 0o777 };
    }
  };
  note('auth', process.env.REGISTRY_AUTH_FILE);
  note('ca', flag('--cert-dir') && flag('--cert-dir') + '/ca.crt');
  note('client', flag('--cert-dir') && flag('--cert-dir') + '/client.cert');
  note('ignore', flag('--ignorefile'));
  note('config', process.env.DOCKER_CONFIG && process.env.DOCKER_CONFIG + '/config.json');
  fs.appendFileSync(record, JSON.stringify({ tool, argv, env: process.env, files }) + '\\n');
  process.exitCode = script(argv, flag, (path, text) => fs.writeFileSync(path, text)) ?? 0;
}`;
