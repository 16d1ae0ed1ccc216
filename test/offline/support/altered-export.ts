import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sha256 } from '../../../dev/registry';
import type { Proof } from '../../../src/export';
import { checksumsText, parseChecksums } from '../../../src/export/checksums';
import type { Descriptor } from '../../../src/oci';

export type Json = Record<string, unknown>;

interface Index {
  manifests: (Descriptor & { annotations?: Record<string, string> })[];
}

export interface Layer {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

export interface StoredManifest {
  subject?: Json;
  layers: Layer[];
}

const REF_NAME = 'org.opencontainers.image.ref.name';

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** An export that an attacker changes as a whole: layout, readable files and checksums stay consistent. */
export class AlteredExport {
  private constructor(readonly folder: string) {}

  static async copyOf(folder: string, to: string): Promise<AlteredExport> {
    await cp(folder, to, { recursive: true });
    return new AlteredExport(to);
  }

  read(path: string): Promise<Buffer> {
    return readFile(join(this.folder, path));
  }

  async json<T = Json>(path: string): Promise<T> {
    return JSON.parse((await this.read(path)).toString('utf8')) as T;
  }

  async write(path: string, bytes: Buffer): Promise<void> {
    await writeFile(join(this.folder, path), bytes);
    await this.#sum(path, bytes);
  }

  async proofs(): Promise<readonly Proof[]> {
    return (await this.json<{ proofs: readonly Proof[] }>('export.json')).proofs;
  }

  async addBlob(bytes: Buffer): Promise<{ digest: string; size: number }> {
    const digest = sha256(bytes);
    await this.write(`layout/blobs/sha256/${digest.slice('sha256:'.length)}`, bytes);
    return { digest, size: bytes.length };
  }

  blob(digest: string): Promise<Buffer> {
    return this.read(`layout/blobs/sha256/${digest.slice('sha256:'.length)}`);
  }

  async changeIndex(change: (index: Index) => Promise<void> | void): Promise<void> {
    const index = await this.json<Index & Json>('layout/index.json');
    await change(index);
    await this.write('layout/index.json', encode(index));
  }

  /** Replaces each signature manifest of the layout by a changed one, under the digest that it then has. */
  async changeStored(
    change: (manifest: StoredManifest, name: string | undefined) => Promise<boolean> | boolean,
  ): Promise<void> {
    await this.changeIndex(async (index) => {
      for (const entry of index.manifests) {
        const manifest = JSON.parse((await this.blob(entry.digest)).toString('utf8')) as Json;
        if (!Array.isArray(manifest['layers'])) continue;
        const stored = manifest as unknown as StoredManifest;
        const name = entry.annotations?.[REF_NAME];
        if (stored.subject === undefined && !name?.startsWith('sha256-')) continue;
        if (!(await change(stored, name))) continue;
        const former = `layout/blobs/sha256/${entry.digest.slice('sha256:'.length)}`;
        const blob = await this.addBlob(encode(manifest));
        await this.#remove(former);
        Object.assign(entry, blob);
      }
    });
  }

  /** Attaches the signatures of the layout to another image. */
  async renameTags(from: string, to: string): Promise<void> {
    await this.changeIndex((index) => {
      for (const { annotations } of index.manifests)
        if (annotations?.[REF_NAME] !== undefined)
          annotations[REF_NAME] = annotations[REF_NAME].replace(from, to);
    });
  }

  async #sum(path: string, bytes: Buffer): Promise<void> {
    const sums = new Map(await this.#sums());
    sums.set(path, sha256(bytes).slice('sha256:'.length));
    await writeFile(join(this.folder, 'checksums.txt'), checksumsText(sums));
  }

  async #remove(path: string): Promise<void> {
    const sums = new Map(await this.#sums());
    sums.delete(path);
    // Outside of the export, so that no verifier finds the former one.
    await rename(join(this.folder, path), `${this.folder}.removed-${sums.size}`);
    await writeFile(join(this.folder, 'checksums.txt'), checksumsText(sums));
  }

  async #sums(): Promise<ReadonlyMap<string, string>> {
    return parseChecksums((await readFile(join(this.folder, 'checksums.txt'))).toString('utf8'));
  }
}
