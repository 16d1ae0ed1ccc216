import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type RunningRegistry, startRegistry, type StartRegistryOptions } from '../../../dev/registry';
import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { encryptPrivateKey } from '../../../src/sign';

const ROOT = resolve(__dirname, '..', '..', '..');

/** A value that the program marks as secret. */
export const secret = (value: unknown): unknown => ({ $secret: value });

export interface Declared {
  /** `local`: the imported class. `remote`: the token, as a program in another language does it. */
  readonly use: 'local' | 'remote';
  readonly images: Readonly<Record<string, unknown>>;
  readonly verified?: Readonly<Record<string, unknown>>;
}

/** A project in a git work tree of its own, a registry, and a Sigstore. */
export interface Stage {
  readonly projectDir: string;
  readonly stateDir: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly key: { readonly ref: string; readonly password: string; readonly publicKey: string };
  /** Writes what the program declares. */
  declare(declared: Declared): void;
  write(path: string, text: string): void;
  commit(message: string): string;
  close(): Promise<void>;
}

const PROGRAM = `
const { readFileSync } = require('node:fs');
const pulumi = require('@pulumi/pulumi');
const { SignedImage, VerifiedImage } = require('pulumi-signed-image');

const revive = (value) => {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  if ('$secret' in value) return pulumi.secret(value.$secret);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
};

class RemoteSignedImage extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    const outputs = { digest: undefined, imageRef: undefined, signer: undefined, annotations: undefined,
      certificate: undefined, bundles: undefined, logEntries: undefined, provenance: undefined, verification: undefined };
    super('signed-image:index:SignedImage', name, { ...args, ...outputs }, opts, true);
  }
}

const declared = JSON.parse(readFileSync('declared.json', 'utf8'));
const Kind = declared.use === 'remote' ? RemoteSignedImage : SignedImage;
for (const [name, args] of Object.entries(declared.images)) {
  const image = new Kind(name, revive(args));
  exports[name] = {
    digest: image.digest, imageRef: image.imageRef, signer: image.signer, annotations: image.annotations,
    logEntries: image.logEntries, provenance: image.provenance, certificate: image.certificate,
  };
}
for (const [name, args] of Object.entries(declared.verified ?? {})) {
  const image = new VerifiedImage(name, revive(args));
  exports[name] = { digest: image.digest, imageRef: image.imageRef, signer: image.signer };
}
`;

export async function openStage(options: StartRegistryOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-stage-'));
  const projectDir = join(folder, 'project');
  const stateDir = join(folder, 'state');
  const write = (path: string, text: string): void => {
    mkdirSync(join(projectDir, path, '..'), { recursive: true });
    writeFileSync(join(projectDir, path), text);
  };
  mkdirSync(stateDir, { recursive: true });
  write('index.js', PROGRAM);
  write('package.json', JSON.stringify({ name: 'stage', private: true, main: 'index.js' }));
  write('.gitignore', 'node_modules\ndeclared.json\nPulumi.*.yaml\n*.key\n');
  write(
    'Pulumi.yaml',
    `name: stage\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${join(ROOT, 'plugin')}\n`,
  );
  write('app/Dockerfile', 'FROM scratch\nARG VERSION=1\nCOPY message.txt /message.txt\nLABEL version=$VERSION\n');
  write('app/message.txt', 'hello\n');
  symlinkSync(join(ROOT, 'node_modules'), join(projectDir, 'node_modules'));
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=stage', '-c', 'user.email=stage@example.test', ...args], {
      cwd: projectDir,
      encoding: 'utf8',
    }).trim();
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', 'https://git.example.test/team/app.git');
  const commit = (message: string): string => {
    git('add', '-A');
    git('commit', '-q', '-m', message);
    return git('rev-parse', 'HEAD');
  };
  commit('first');

  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const password = 'correct-horse-battery-staple';
  writeFileSync(join(projectDir, 'cosign.key'), await encryptPrivateKey(pair.privateKey, password));
  const [registry, sigstore] = await Promise.all([startRegistry(options), startSigstore()]);

  return {
    projectDir,
    stateDir,
    registry,
    sigstore,
    key: {
      ref: 'cosign.key',
      password,
      publicKey: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
    },
    declare: (declared) => write('declared.json', JSON.stringify(declared)),
    write,
    commit,
    close: async () => {
      await Promise.all([registry.close(), sigstore.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

