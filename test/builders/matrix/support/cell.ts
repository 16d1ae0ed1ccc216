import { createHash, randomBytes } from 'node:crypto';

import { type BaseImage, type Engine, pushBaseImage } from '../../../../dev/builders';
import {
  buildFingerprint,
  type BuildRequest,
  type BuildResult,
  contextHash,
  ignoreConvention,
  selectBuilder,
  setDeclaredTag,
} from '../../../../src/build';
import { createRegistryClient, systemDockerConfig } from '../../../../src/oci';
import { Context } from '../../../build/requests';
import type { Column } from './columns';
import { type CommandLineReport, watchCommandLines } from './command-lines';
import type { Registries } from './engines';
import { filesBelow, type PushedImage, readPushed } from './pushed-image';
import { type Before, leftovers, stateBefore } from './leftovers';
import type { RegistryAccess } from './registry-reader';
import type { Signer } from './signature';

export interface CellOptions {
  readonly column: Column;
  readonly engine: Engine;
  readonly registries: Registries;
  readonly signer: Signer;
  /** Path of a repository that no other cell uses. */
  readonly path: string;
}

/** A finished build. */
export interface Built {
  readonly result: BuildResult;
  readonly image: PushedImage;
  readonly request: BuildRequest;
}

export interface CellBuild extends Partial<Omit<BuildRequest, 'reference'>> {
  /** Default: the builder generates one. */
  readonly tag?: string;
  readonly signal?: AbortSignal;
  /** Receives each line that the builder prints. */
  readonly onLine?: (line: string) => void;
}

/** One builder with one case: what a case uses to build and to compare. */
export class Cell {
  readonly context = new Context();
  readonly column: Column;
  readonly engine: Engine;
  readonly registries: Registries;
  readonly path: string;
  /** Values that no command line, image or leftover file may contain. */
  readonly secrets: string[] = [];
  /** Names that may stay in the local store. */
  readonly allowedImages: string[] = [];
  readonly reports: CommandLineReport[] = [];
  readonly used: string[] = [];
  readonly lines: string[] = [];
  /** The last build, which is signed at the end. */
  last: Built | undefined;
  /** Default: the plain registry. */
  access: RegistryAccess;

  readonly #signer: Signer;
  #before: Before | undefined;
  #signed: Built | undefined;

  constructor({ column, engine, registries, signer, path }: CellOptions) {
    this.#signer = signer;
    this.column = column;
    this.engine = engine;
    this.registries = registries;
    this.path = path;
    this.access = { host: registries.plain.host };
  }

  async prepare(): Promise<void> {
    this.#before = await stateBefore(this.column, this.engine);
  }

  /** `host/path`. */
  get repository(): string {
    return `${this.access.host}/${this.path}`;
  }

  secret(): string {
    const value = `canary-${randomBytes(12).toString('hex')}`;
    this.secrets.push(value);
    return value;
  }

  /** Pushes a base image to the plain registry, and returns its reference. */
  base(image: Partial<Omit<BaseImage, 'registry'>> = {}): Promise<string> {
    const { host } = this.registries.plain;
    return pushBaseImage({ registry: host, name: `bases/${this.path}:1`, ...image });
  }

  request({ tag, signal: _signal, onLine: _onLine, ...further }: CellBuild): BuildRequest {
    const image = tag === undefined ? this.repository : `${this.repository}:${tag}`;
    const { buildxBuilder } = this.engine;
    return this.context.request(image, {
      ignoreFiles: ignoreConvention({ builder: this.column.builder }),
      ...(this.column.builder === 'buildx' && buildxBuilder !== undefined && { buildxBuilder }),
      ...further,
    });
  }

  /** Selects the builder and builds as the plugin does, and reads the result from the registry. */
  async build(further: CellBuild = {}): Promise<Built> {
    const request = this.request(further);
    const { env } = this.engine;
    const builder = await selectBuilder(this.column.builder, request, { env });
    this.used.push(builder.name);
    const watch = watchCommandLines(this.secrets, this.path);
    let result: BuildResult;
    try {
      const log = (line: string): void => {
        this.lines.push(line);
        further.onLine?.(line);
      };
      result = await builder.build(request, log, { signal: further.signal });
    } finally {
      this.reports.push(watch.stop());
    }
    await this.#setTag(request, result);
    const image = await readPushed(this.access, this.path, result.digest);
    this.last = { result, image, request };
    return this.last;
  }

  async #setTag({ reference, registry }: BuildRequest, result: BuildResult): Promise<void> {
    const client = createRegistryClient({
      registry: { host: reference.repository.registry, ...registry },
      dockerConfig: systemDockerConfig(this.engine.env),
    });
    try {
      await setDeclaredTag(client, reference.repository, result);
    } finally {
      await client.close();
    }
  }

  /** Builds one image, and returns the files below a folder of it. */
  async filesBuilt(folder: string, further: CellBuild = {}) {
    const { image } = await this.build(further);
    const [platform] = image.platforms;
    if (platform === undefined || image.platforms.length > 1)
      throw new Error(`the image has ${image.platforms.length} platforms`);
    return { image: platform, files: filesBelow(platform, folder) };
  }

  /** The parts of the fingerprint, as the plugin computes it for a base whose digest did not change. */
  async fingerprint(further: CellBuild = {}): Promise<Readonly<Record<string, string>>> {
    const { context, dockerfile, args, labels, platforms, target, ignoreFiles } =
      this.request(further);
    const hash = await contextHash({
      context,
      dockerfile,
      ...(ignoreFiles !== undefined && { convention: ignoreFiles }),
    });
    const inputs = { args, labels, platforms, target, bases: {} };
    return buildFingerprint({ ...inputs, context: hash.hash, dockerfile: hash.dockerfile }).parts;
  }

  /** Signs the last build, unless that was done, and verifies it with real cosign. */
  async signNow(): Promise<void> {
    if (this.last === undefined) throw new Error('nothing was built');
    if (this.#signed === this.last) return;
    const { image, request } = this.last;
    const { repository } = request.reference;
    await this.#signer.sign(image, { repository, registry: request.registry, engine: this.engine });
    for (const { digest } of [image, ...image.platforms])
      expect(await this.cosignError(`${this.repository}@${digest}`)).toBeUndefined();
    this.#signed = this.last;
  }

  /** What real cosign reports about a reference; `undefined`: it verifies it. */
  cosignError(reference: string): Promise<string | undefined> {
    return this.#signer.cosignError(reference, this.access);
  }

  async checkLeftovers(): Promise<void> {
    const { column, engine, repository, secrets, allowedImages: allowed } = this;
    const before = this.#before;
    if (before === undefined) throw new Error('the cell was not prepared');
    const query = { column, engine, before, repository, secrets, allowed };
    expect(await leftovers(query)).toEqual([]);
  }

  /** A number that is the same in each run, and another one for each cell. */
  get number(): number {
    return createHash('sha256').update(this.path).digest().readUInt16BE(0);
  }
}

/** A row of the table. */
export interface MatrixCase {
  readonly name: string;
  /** Part of the fixed smaller run. */
  readonly sample?: boolean;
  /** Builders that cannot do it: what the error says, before anything is pushed. */
  readonly refusedBy?: Readonly<Partial<Record<Column['name'], RegExp>>>;
  /** Builds, and compares with what is expected. The last build is signed afterwards. */
  readonly run: (cell: Cell) => Promise<void>;
}
