import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { programPath } from '../../../dev/services/program-path';
import { type PushedImage, pushImage } from '../../interop/support/images';
import type { Stack } from '../../interop/support/stack';
import { alterLayers, legacyTag } from '../../interop/support/tampering';
import { runTool } from '../../interop/support/tools';

/** A key as in the secret `signing-secrets` of Chains. */
export interface ChainsKey {
  /** Path of the private key. */
  readonly path: string;
  readonly privateKey: string;
  /** Path of the public key. */
  readonly publicPath: string;
}

export async function chainsKey(stack: Stack, name: string): Promise<ChainsKey> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const path = join(stack.folder, `${name}.pem`);
  const publicPath = join(stack.folder, `${name}.pub`);
  await writeFile(path, privateKey);
  await writeFile(publicPath, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  return { path, privateKey, publicPath };
}

export const SOURCE = 'https://github.com/octo-org/octo-repo';
const COMMIT = '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567';

/** A run that built the image, as the API server has it when Chains signs. */
function taskRun({ repository, digest }: PushedImage, source: string): object {
  const parameter = (name: string) => ({ name, type: 'string' });
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'build', namespace: 'default', uid: 'c5a2a0b4-2c6b-4f0e-9f3e-0a4dd0d8a1c2' },
    spec: {
      params: [
        { name: 'CHAINS-GIT_URL', value: source },
        { name: 'CHAINS-GIT_COMMIT', value: COMMIT },
      ],
      taskRef: { name: 'build', kind: 'Task' },
      serviceAccountName: 'default',
    },
    status: {
      startTime: '2026-01-01T00:00:00Z',
      completionTime: '2026-01-01T00:00:15Z',
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }],
      podName: 'build-pod',
      steps: [
        {
          name: 'build',
          container: 'step-build',
          imageID: `docker-pullable://registry.example.com/builder@sha256:${'d4'.repeat(32)}`,
        },
      ],
      results: [
        { name: 'IMAGE_DIGEST', type: 'string', value: digest },
        { name: 'IMAGE_URL', type: 'string', value: repository },
      ],
      taskSpec: {
        params: [parameter('CHAINS-GIT_URL'), parameter('CHAINS-GIT_COMMIT')],
        steps: [{ name: 'build' }],
        results: [{ name: 'IMAGE_DIGEST' }, { name: 'IMAGE_URL' }],
      },
    },
  };
}

export interface ChainsOptions {
  readonly key: ChainsKey;
  /** The data of the config map `chains-config`. */
  readonly config: Readonly<Record<string, string>>;
  readonly source?: string;
}

/** An image that a run built, and that Chains attested in OCI: `.att`, signed with a key. */
export async function attestedByChains(
  stack: Stack,
  { key, config, source = SOURCE }: ChainsOptions,
): Promise<PushedImage> {
  const image = await pushImage(stack.registry.host);
  const file = join(stack.folder, `${image.digest.slice(-12)}.taskrun.json`);
  await writeFile(file, JSON.stringify(taskRun(image, source)));
  const program = programPath('chains', 'chains-attest');
  const run = await runTool(program, [file, JSON.stringify(config), key.path], {
    cwd: stack.folder,
    env: { HOME: stack.folder, PATH: process.env['PATH'] ?? '' },
  });
  if (run.code !== 0) throw new Error(run.stderr);
  return image;
}

/** The envelope of a layer. */
export interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}
export type Statement = Record<string, unknown> & { readonly predicate: Record<string, unknown> };

/** Alters the envelope that Chains stored. */
export async function alterEnvelope(
  stack: Stack,
  image: PushedImage,
  change: (envelope: Envelope) => void,
): Promise<PushedImage> {
  const alter = (layer: { payload: string }): void => {
    const envelope = JSON.parse(layer.payload) as Envelope;
    change(envelope);
    layer.payload = JSON.stringify(envelope);
  };
  await alterLayers(stack, image, alter, legacyTag(image, 'att'));
  return image;
}

/** https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#signature-definition */
function preAuthenticationEncoding(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
}

/** Replaces the signature by that of a key for the payload as it is now. */
export function resign(envelope: Envelope, { privateKey }: ChainsKey): void {
  const body = Buffer.from(envelope.payload, 'base64');
  const encoded = preAuthenticationEncoding(envelope.payloadType, body);
  const sig = sign('sha256', encoded, createPrivateKey(privateKey)).toString('base64');
  envelope.signatures = envelope.signatures.map(({ keyid }) => ({ keyid, sig }));
}

export function changeStatement(
  envelope: Envelope,
  change: (statement: Statement) => object,
): void {
  const text = Buffer.from(envelope.payload, 'base64').toString();
  const changed = JSON.stringify(change(JSON.parse(text) as Statement));
  if (changed === text) throw new Error('nothing was changed');
  envelope.payload = Buffer.from(changed).toString('base64');
}
