import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type Fault,
  type RegistryRequest,
  sha256,
  type RegistryStore,
} from '../../../dev/registry';
import {
  createRegistryClient,
  type Descriptor,
  type Digest,
  OCI_INDEX,
  OCI_MANIFEST,
  parseDigest,
  parseTag,
  type RegistryClient,
  type Repository,
} from '../../../src/oci';
import { type SigningMaterial, type SigningTarget, signImage } from '../../../src/sign';
import type { VerificationPolicy } from '../../../src/verify';
import {
  COMMIT,
  freshRepository,
  IDENTITY,
  keyless,
  type Lab,
  newKey,
  onPlatform,
  policy,
  pushImage,
  pushIndex,
} from '../../verify/support/lab';
import type { HostileResponse } from './hostile-response';

export const TAG = parseTag('release');
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

type Answer = (request: RegistryRequest) => Fault | undefined;

/** JSON that a case changes. */
export interface Loose {
  [name: string]: Loose;
}

/** An image with a valid signature in a registry that a case controls. */
export class Scene {
  readonly client: RegistryClient;
  /** Milliseconds that the client would have waited. */
  readonly waits: number[] = [];
  private readonly servers: Server[] = [];

  private constructor(
    readonly lab: Lab,
    readonly repository: Repository,
    /** The image of the operation. A case may replace it. */
    public image: Descriptor,
    readonly platforms: readonly Descriptor[],
    readonly material: SigningMaterial,
    readonly format: 'bundle' | 'legacy' | 'both',
    readonly policy: VerificationPolicy,
    answerTimeout: number | undefined,
    deadline: number | undefined,
  ) {
    this.client = createRegistryClient({
      dockerConfig: 'none',
      registry: { host: lab.registry.host, ...USER },
      answerTimeout,
      ...(deadline !== undefined && { budget: { task: deadline } }),
      clock: { sleep: async (milliseconds) => void this.waits.push(milliseconds), random: () => 0 },
    });
  }

  static async open(lab: Lab, hostile: HostileResponse): Promise<Scene> {
    const repository = freshRepository(lab);
    const { shape = 'image', format = 'bundle' } = hostile;
    const platforms =
      shape === 'image' ? [] : [await pushImage(lab, repository), await pushImage(lab, repository)];
    const image =
      shape === 'image'
        ? await pushImage(lab, repository)
        : await pushIndex(lab, repository, listed(platforms));
    const { material, trust } = signerOf(lab, hostile.signer ?? 'key');
    const required = policy({
      ...trust,
      format: hostile.policy ?? format,
      annotations: { commit: COMMIT },
    });
    const scene = new Scene(
      lab,
      repository,
      image,
      platforms,
      material,
      format,
      required,
      hostile.idleTimeout,
      hostile.deadline,
    );
    lab.registry.store.putManifest(repository.path, scene.stored(image.digest), { tag: TAG });
    await scene.sign([image, ...platforms]);
    return scene;
  }

  get store(): RegistryStore {
    return this.lab.registry.store;
  }

  get path(): string {
    return this.repository.path;
  }

  get sigTag(): string {
    return `${this.image.digest.replace(':', '-')}.sig`;
  }

  /** Signs with the same signer as before, or with another one. */
  async sign(manifests: readonly Descriptor[], material = this.material, format = this.format) {
    const targets: SigningTarget[] = manifests.map((manifest) => ({
      manifest,
      annotations: { commit: COMMIT },
      provenance: undefined,
    }));
    return signImage({ repository: this.repository, targets, format, material }, this.lab.client);
  }

  /** An untrusted signer. */
  untrustedSigner(): SigningMaterial {
    return newKey(this.lab).material;
  }

  stored(reference: string) {
    const manifest = this.store.getManifest(this.path, reference);
    if (!manifest) throw new Error(`nothing is stored as ${reference}`);
    return manifest;
  }

  json(reference: string): Loose {
    return JSON.parse(this.stored(reference).bytes.toString('utf8')) as Loose;
  }

  /** Stores a manifest without validation, and uses it as the image of the operation. */
  pose(manifest: unknown, mediaType: string = OCI_MANIFEST, tag: string = TAG): Descriptor {
    const bytes = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
    const digest = parseDigest(this.store.putManifest(this.path, { mediaType, bytes }, { tag }));
    this.image = { mediaType, digest, size: bytes.length };
    return this.image;
  }

  poseIndex(manifests: readonly object[]): Descriptor {
    return this.pose({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  }

  /** Sets the hook for responses to all requests. */
  answer(fault: Answer): void {
    this.lab.registry.settings.faults = fault;
  }

  /** Sets the response to GET and HEAD of one path below the repository. */
  answerAt(path: string, fault: Fault | Answer): void {
    this.answer((request) => {
      if (request.path !== `/v2/${this.path}/${path}`) return undefined;
      return typeof fault === 'function' ? fault(request) : fault;
    });
  }

  answerImage(fault: Fault | Answer): void {
    this.answerAt(`manifests/${this.image.digest}`, fault);
  }

  answerReferrers(fault: Fault | Answer): void {
    this.answerAt(`referrers/${this.image.digest}`, fault);
  }

  /** Starts another server of the attacker, and returns its origin. */
  async elsewhere(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The manifests whose subject is the image (or another one). */
  referrers(subject: Digest = this.image.digest): readonly string[] {
    return [...this.store.manifests(this.path)].flatMap(([digest, { bytes }]) => {
      const manifest = JSON.parse(bytes.toString('utf8')) as { subject?: { digest: string } };
      return manifest.subject?.digest === subject ? [digest] : [];
    });
  }

  /** The descriptors as the referrers API lists them. */
  listing(): readonly Descriptor[] {
    return this.referrers().map((digest) => ({
      mediaType: OCI_MANIFEST,
      digest: parseDigest(digest),
      size: this.stored(digest).bytes.length,
      artifactType: BUNDLE_TYPE,
    }));
  }

  list(manifests: readonly unknown[], headers: Readonly<Record<string, string>> = {}): Fault {
    return {
      status: 200,
      headers: { 'content-type': OCI_INDEX, ...headers },
      body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
    };
  }

  /** Replaces each bundle of the image by an altered one, with consistent digests. */
  alterBundle(change: (bundle: Buffer) => Buffer): void {
    this.alterReferrer((manifest) => {
      const [layer] = manifest['layers'] as unknown as { digest: string; size: number }[];
      if (!layer) throw new Error('no bundle');
      const blob = change(this.store.getBlob(this.path, layer.digest) ?? Buffer.alloc(0));
      Object.assign(layer, { digest: this.store.putBlob(this.path, blob), size: blob.length });
    });
  }

  alterBundleJson(change: (bundle: Loose) => unknown): void {
    this.alterBundle((bytes) => {
      const bundle = JSON.parse(bytes.toString('utf8')) as Loose;
      change(bundle);
      return Buffer.from(JSON.stringify(bundle));
    });
  }

  alterReferrer(change: (manifest: Loose) => unknown): void {
    for (const digest of this.referrers()) {
      const { mediaType } = this.stored(digest);
      const manifest = this.json(digest);
      change(manifest);
      this.store.deleteManifest(this.path, digest);
      const bytes = Buffer.from(JSON.stringify(manifest));
      this.store.putManifest(this.path, { mediaType, bytes });
    }
  }

  /** Like `alterBundle`, for the layers of the image's `.sig` tag. */
  alterLayers(change: (layer: LegacyLayer) => unknown): void {
    const manifest = this.json(this.sigTag);
    const layers = manifest['layers'] as unknown as LegacyLayer[];
    for (const layer of layers) {
      layer.payload = this.store.getBlob(this.path, layer.digest) ?? Buffer.alloc(0);
      change(layer);
      const blob = layer.payload;
      Object.assign(layer, { digest: this.store.putBlob(this.path, blob), size: blob.length });
      Reflect.deleteProperty(layer, 'payload');
    }
    this.putSig(manifest);
  }

  putSig(manifest: unknown, mediaType: string = OCI_MANIFEST): void {
    const bytes = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
    this.store.putManifest(this.path, { mediaType, bytes }, { tag: this.sigTag });
  }

  async close(): Promise<void> {
    this.lab.registry.settings.faults = undefined;
    await this.client.close();
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

export interface LegacyLayer {
  mediaType: string;
  digest: string;
  size: number;
  annotations: Record<string, string>;
  payload: Buffer;
}

/** Credentials that are sent only to the registry, after a challenge. */
const USER = { username: 'robot', password: 'canary-hostile-registry-password' };

export const SECRET_HEADER = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`;

export function listed(platforms: readonly Descriptor[]): readonly Descriptor[] {
  const architectures = ['amd64', 'arm64'];
  return platforms.map((descriptor, at) =>
    onPlatform(descriptor, { os: 'linux', architecture: architectures[at] ?? `cpu${at}` }),
  );
}

function signerOf(lab: Lab, signer: 'key' | 'logged key' | 'keyless') {
  const { trustedRoot } = lab;
  if (signer === 'keyless') {
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const trust = { identities, transparency: 'log' as const, trustedRoot };
    return { material: keyless(lab), trust };
  }
  const logged = signer === 'logged key';
  const { material, publicKey } = newKey(lab, { log: logged });
  const trust: Partial<VerificationPolicy> = logged
    ? { keys: [publicKey], transparency: 'log', trustedRoot }
    : { keys: [publicKey] };
  return { material, trust };
}

/** The digest of bytes that do not exist anywhere. */
export function nowhere(note: string): string {
  return sha256(Buffer.from(`nowhere: ${note}`));
}
