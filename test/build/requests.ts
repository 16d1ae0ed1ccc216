import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { BuildRequest } from '../../src/build';
import { parseReference } from '../../src/oci/reference';

/** A build context in a temporary folder. */
export class Context {
  readonly folder = mkdtempSync(join(tmpdir(), 'signed-image-context-'));
  readonly dockerfile = join(this.folder, 'Dockerfile');

  constructor(dockerfile = 'FROM scratch\nCOPY hello /hello\n') {
    this.write('Dockerfile', dockerfile);
    this.write('hello', 'hello\n');
  }

  write(path: string, content: string | Buffer): void {
    const full = join(this.folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  request(image: string, further: Partial<BuildRequest> = {}): BuildRequest {
    return {
      reference: parseReference(image),
      context: this.folder,
      dockerfile: this.dockerfile,
      args: {},
      secrets: {},
      platforms: [],
      labels: {},
      cacheFrom: [],
      cacheTo: [],
      registry: { insecure: false },
      ...further,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The digests that the doubles report. */
export const DIGEST = `sha256:${'d'.repeat(64)}`;
