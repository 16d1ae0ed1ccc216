import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { PolicyPackOptions } from '../../../dev/engine/types';
import {
  type EngineKind,
  type EngineUnderTest,
  hasRealCli,
  type RunOutcome,
} from '../../../dev/engine/under-test';
import {
  type RunningRegistry,
  startRegistry,
  type StartRegistryOptions,
} from '../../../dev/registry';
import { type RunningSigstore, startSigstore, type TokenRequest } from '../../../dev/sigstore';
import { encryptPrivateKey } from '../../../src/sign';
import { PROGRAM } from './program';

const ROOT = resolve(__dirname, '..', '..', '..');
const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A scenario runs several processes, on machines that may be busy. With the real CLI it takes longer: two
 * updates took up to 100 s on a machine with a load of five per core.
 */
export const SCENARIO = hasRealCli() ? 360_000 : 180_000;

/** Facts come from the stage's git, wherever the tests run; and no credential of the machine's is used. */
const NO_CI: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'GITHUB_ACTIONS',
    'GITLAB_CI',
    'JENKINS_URL',
    'JENKINS_HOME',
    'GIT_COMMIT',
    'BUILD_URL',
    'ACTIONS_ID_TOKEN_REQUEST_URL',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    'SIGSTORE_ID_TOKEN',
  ].map((name) => [name, '']),
);

/** A value that the program marks as secret. */
export const secret = (value: unknown): unknown => ({ $secret: value });

export interface Declared {
  /** `local`: the imported class. `remote`: the token, as a program in another language does it. */
  readonly use: 'local' | 'remote';
  readonly images?: Readonly<Record<string, unknown>>;
  /** `{ $imageRefOf: NAME }` as a value is the output of the image. */
  readonly verified?: Readonly<Record<string, unknown>>;
  /** Policies for a cluster, as remote components: the name of the component as `$type`, and its inputs. */
  readonly policies?: Readonly<Record<string, unknown>>;
  /** Calls of functions, whose results are outputs: the name of the function as `$function`, and its inputs. */
  readonly calls?: Readonly<Record<string, unknown>>;
  /** Explicit providers; an image names one as `$provider`. */
  readonly providers?: Readonly<Record<string, unknown>>;
  /** Whether the outputs of the stack have the proof of each image. */
  readonly proofs?: boolean;
  /** Names of the images to declare a Deployment of. */
  readonly deploy?: readonly string[];
}

export interface StageKey {
  /** Path, from the project's folder. */
  readonly ref: string;
  readonly password: string;
  readonly publicKey: string;
}

/** A project in a separate git work tree, a registry, and a Sigstore instance. */
export interface Stage {
  /** Where the engines keep their state, and what else they write. */
  readonly stateDir: string;
  /** Folder of `Pulumi.yaml`. */
  readonly projectDir: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly key: StageKey;
  /** Writes what the program declares. */
  declare(declared: Declared): void;
  write(path: string, text: string): void;
  commit(message: string): string;
  newKey(name: string, password: string): Promise<StageKey>;
  /** The text of a file of the project. */
  read(path: string): string;
  /** Writes an OIDC token to a file that git ignores, and returns the path and the token. */
  newToken(name: string, request: TokenRequest): { readonly path: string; readonly token: string };
  /** A new stack of this project; its name is unique unless it is named. */
  stack(
    kind: EngineKind,
    env?: Readonly<Record<string, string>>,
    policyPack?: PolicyPackOptions,
    named?: { readonly stack: string; readonly passphrase: string },
  ): EngineUnderTest;
  /** Requests since the last `forget()` that could write, to the registry or to a Sigstore service. */
  writes(): readonly string[];
  forget(): void;
  close(): Promise<void>;
}

/** The outputs of the stack for an image. */
export interface ImageOutputs {
  readonly digest: string;
  readonly imageRef: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly signer: {
    readonly kind: string;
    readonly identity?: string;
    readonly issuer?: string;
    readonly publicKey?: string;
  };
  readonly logEntries: readonly { readonly logIndex: string; readonly subject: string }[];
  readonly provenance?: string;
  readonly certificate?: string;
}

export async function imageOutputs(engine: EngineUnderTest, name = 'app'): Promise<ImageOutputs> {
  return (await engine.outputs())[name] as ImageOutputs;
}

/** What was done, `op name`, without what stayed. */
export const deedsOf = ({ steps }: RunOutcome): readonly string[] =>
  steps.flatMap(({ op, name }) => (op === 'same' ? [] : [`${op} ${name}`])).sort();

/** All output of a run; a failed run must have an error message. */
export const saidBy = ({ errors, logs }: RunOutcome): string => [...errors, logs].join('\n');

export async function openStage(options: StartRegistryOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-stage-'));
  const projectDir = join(folder, 'project');
  const stateDir = join(folder, 'state');
  const dockerConfig = join(folder, 'docker');
  const write = (path: string, text: string): void => {
    mkdirSync(join(projectDir, path, '..'), { recursive: true });
    writeFileSync(join(projectDir, path), text);
  };
  mkdirSync(stateDir, { recursive: true });
  mkdirSync(dockerConfig);
  write('index.js', PROGRAM);
  write('package.json', JSON.stringify({ name: 'stage', private: true, main: 'index.js' }));
  write('.gitignore', 'node_modules\ndeclared.json\nPulumi.*.yaml\n*.key\n*.token\n');
  write(
    'Pulumi.yaml',
    `name: stage\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${join(ROOT, 'plugin')}\n`,
  );
  write(
    'app/Dockerfile',
    'FROM scratch\nARG VERSION=1\nCOPY message.txt /message.txt\nLABEL version=$VERSION\n',
  );
  write('app/message.txt', 'hello\n');
  symlinkSync(join(ROOT, 'node_modules'), join(projectDir, 'node_modules'));
  const git = gitIn(projectDir);
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', 'https://git.example.test/team/app.git');
  const commit = (message: string): string => {
    git('add', '-A');
    git('commit', '-q', '-m', message);
    return git('rev-parse', 'HEAD');
  };
  commit('first');

  const newKey = async (name: string, password: string): Promise<StageKey> => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    write(`${name}.key`, await encryptPrivateKey(privateKey, password));
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
    return { ref: `${name}.key`, password, publicKey: pem };
  };
  const key = await newKey('cosign', 'canary-correct-horse-battery-staple');
  const sigstore = await startSigstore();
  const registry = await startRegistry(options);
  let seen = 0;

  return {
    stateDir,
    projectDir,
    registry,
    sigstore,
    key,
    declare: (declared) => write('declared.json', JSON.stringify(declared)),
    write,
    commit,
    newKey,
    read: (path) => readFileSync(join(projectDir, path), 'utf8'),
    newToken: (name, request) => {
      const token = sigstore.issuer.token(request);
      write(`${name}.token`, token);
      return { path: `${name}.token`, token };
    },
    stack: ({ create }, env = {}, policyPack = undefined, named = undefined) =>
      create({
        projectDir,
        dir: stateDir,
        env: { ...NO_CI, DOCKER_CONFIG: dockerConfig, ...env },
        recorded: ['kubernetes'],
        ...(policyPack && { policyPack }),
        ...named,
      }),
    writes: () =>
      [...registry.requests, ...sigstore.requests.slice(seen)]
        .filter(({ method }) => !READING.includes(method))
        .map(({ method, path }) => `${method} ${path}`),
    forget: () => {
      registry.clearRequests();
      seen = sigstore.requests.length;
    },
    close: async () => {
      await Promise.all([registry.close(), sigstore.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function gitIn(cwd: string): (...args: readonly string[]) => string {
  const who = ['-c', 'user.name=stage', '-c', 'user.email=stage@example.test'];
  return (...args) => execFileSync('git', [...who, ...args], { cwd, encoding: 'utf8' }).trim();
}
