import { isObject, isSecret, SECRET, SIGNATURE, type Wire } from '../wire/signature';
import type { Crypter } from './crypt';
import type { ResourceRecord } from './record';

const MAX_REMEMBERED = 10_000;

/**
 * Encodes records as JSON with encrypted secrets. A record's text and a secret's ciphertext are cached, so a save encodes
 * changed records only, and an unchanged secret does not change the file.
 */
export class RecordCodec {
  readonly #texts = new WeakMap<ResourceRecord, string>();
  readonly #sealed = new Map<string, string>();
  readonly #crypter: Crypter;

  constructor(crypter: Crypter) {
    this.#crypter = crypter;
  }

  encode(record: ResourceRecord): string {
    const known = this.#texts.get(record);
    if (known !== undefined) return known;
    const text = JSON.stringify({
      ...record,
      inputs: this.#seal(record.urn, record.inputs),
      outputs: this.#seal(record.urn, record.outputs),
    });
    this.#texts.set(record, text);
    return text;
  }

  decode(stored: ResourceRecord): ResourceRecord {
    const record: ResourceRecord = {
      ...stored,
      inputs: this.#open(stored.urn, stored.inputs) as ResourceRecord['inputs'],
      outputs: this.#open(stored.urn, stored.outputs) as ResourceRecord['outputs'],
    };
    this.#texts.set(record, JSON.stringify(stored));
    return record;
  }

  #seal(urn: string, value: Wire): Wire {
    if (isSecret(value)) {
      const plain = JSON.stringify(value['value'] ?? null);
      // Cached per resource: equal secrets of two resources have different ciphertexts.
      const key = `${urn}\0${plain}`;
      const ciphertext = this.#sealed.get(key) ?? this.#crypter.seal(plain);
      this.#remember(key, ciphertext);
      return { [SIGNATURE]: SECRET, ciphertext };
    }
    if (Array.isArray(value)) return value.map((child: Wire) => this.#seal(urn, child));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, this.#seal(urn, child)]),
    );
  }

  #open(urn: string, value: Wire): Wire {
    if (isSecret(value)) {
      const ciphertext = String(value['ciphertext']);
      const plain = this.#crypter.open(ciphertext);
      this.#remember(`${urn}\0${plain}`, ciphertext);
      return { [SIGNATURE]: SECRET, value: JSON.parse(plain) as Wire };
    }
    if (Array.isArray(value)) return value.map((child: Wire) => this.#open(urn, child));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [name, this.#open(urn, child)]),
    );
  }

  #remember(key: string, ciphertext: string): void {
    if (this.#sealed.size >= MAX_REMEMBERED) this.#sealed.clear();
    this.#sealed.set(key, ciphertext);
  }
}
