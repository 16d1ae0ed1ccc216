import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RecordCodec } from './codec';
import { crypterOf, newCrypter, type Crypter, type KeyRecipe } from './crypt';
import type { ResourceRecord } from './record';

const VERSION = 1;

interface StoredState {
  readonly version: number;
  readonly project: string;
  readonly stack: string;
  readonly encryption: KeyRecipe;
  readonly resources: readonly ResourceRecord[];
}

export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/** One stack's state on disk: JSON with encrypted secrets, written atomically. */
export class StateFile {
  readonly path: string;
  readonly initial: readonly ResourceRecord[];
  readonly #name: StackName;
  readonly #crypter: Crypter;
  readonly #codec: RecordCodec;
  #latest: () => readonly ResourceRecord[] = () => [];
  #next: Promise<void> | undefined;
  #active: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    name: StackName,
    crypter: Crypter,
    stored: StoredState | undefined,
  ) {
    this.path = path;
    this.#name = name;
    this.#crypter = crypter;
    this.#codec = new RecordCodec(crypter);
    this.initial = (stored?.resources ?? []).map((record) => this.#codec.decode(record));
  }

  /** @throws Error if the passphrase is wrong or the file is not a state of this engine */
  static async open(path: string, name: StackName, passphrase: string): Promise<StateFile> {
    const stored = await readState(path);
    const crypter =
      stored === undefined ? newCrypter(passphrase) : crypterOf(passphrase, stored.encryption);
    return new StateFile(path, name, crypter, stored);
  }

  /** Resolves when a write that began after this call is on disk. Calls during a write share the next one. */
  save(current: () => readonly ResourceRecord[]): Promise<void> {
    this.#latest = current;
    this.#next ??= this.#active
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#active = this.#write(this.#latest());
        return this.#active;
      });
    return this.#next;
  }

  async #write(records: readonly ResourceRecord[]): Promise<void> {
    const head = {
      version: VERSION,
      ...this.#name,
      encryption: this.#crypter.recipe,
    };
    const resources = records.map((record) => this.#codec.encode(record)).join(',\n');
    const text = `${JSON.stringify(head).slice(0, -1)},"resources":[\n${resources}\n]}\n`;
    await mkdir(dirname(this.path), { recursive: true });
    const draft = `${this.path}.${process.pid}.tmp`;
    try {
      await writeFile(draft, text, { mode: 0o600 });
      await chmod(draft, 0o600);
      await rename(draft, this.path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }
}

const readState = async (path: string): Promise<StoredState | undefined> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const stored = JSON.parse(text) as Partial<StoredState>;
  if (stored.version !== VERSION || stored.encryption?.kdf !== 'scrypt') {
    throw new Error(`${path} is not a state file of the local engine (version ${VERSION})`);
  }
  return stored as StoredState;
};
