import fc from 'fast-check';

import { SignedImageError } from '../../../../src/error';

/** Number of inputs of each kind. `FUZZ_RUNS` sets it for a longer run. */
export const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100);

/** Far above the time for any of these inputs, and below that of a hang or an exponential search. */
const LONGEST_MS = 15_000;

const CLEAN = Object.getOwnPropertyNames(Object.prototype).sort().join();

function checkPrototypes(): void {
  const now = Object.getOwnPropertyNames(Object.prototype).sort().join();
  if (now !== CLEAN || 'polluted' in {}) throw new Error(`Object.prototype was changed: ${now}`);
}

/** The parser returns, or throws an error of this package, in time and without side effects. */
export async function expectRobust<T>(
  inputs: fc.Arbitrary<T>,
  parse: (input: T) => unknown,
  runs = RUNS,
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (input) => {
    const begun = Date.now();
    try {
      await parse(input);
    } catch (error) {
      if (!(error instanceof SignedImageError)) throw error;
      if (error.code === 'INTERNAL') throw error;
      if (error.message.length > 20_000) throw new Error('an error message without end');
    }
    checkPrototypes();
    if (Date.now() - begun > LONGEST_MS) throw new Error('it took too long');
  });
  await fc.assert(property, { numRuns: Math.ceil(runs), endOnFailure: true });
}

const NASTY = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '\0',
  '\ufeff',
  '../../etc/passwd',
  '\ud800',
  '%00',
  `sha256:${'a'.repeat(64)}`,
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  '1e999',
  'x'.repeat(70_000),
];

export const nastyText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
);

export const nastyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  nastyText,
  fc.constantFrom<unknown>(null, -1, 0, 1.5, 2 ** 53, 1e308, true, [], {}, [[]], [null]),
);

/** Every location in a document, as a path. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([name, child]) => placesOf(child, [...path, name])),
  ];
}

type Container = Record<string, unknown>;

/** Where an earlier mutation replaced an object by a list, a name such as `keys` is that of an inherited function. */
const ownMember = (container: Container, name: string): unknown =>
  Object.hasOwn(container, name) ? container[name] : undefined;

function changed(
  document: unknown,
  path: readonly string[],
  change: (at: Container, name: string) => void,
) {
  const copy = { root: structuredClone(document) } as Container;
  let container = copy;
  let name = 'root';
  for (const step of path) {
    container = ownMember(container, name) as Container;
    if (typeof container !== 'object' || container === null) return copy['root'];
    name = step;
  }
  change(container, name);
  return copy['root'];
}

/** A valid document with some of its parts replaced, removed, duplicated or renamed. */
export function mutated(document: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(document);
  const mutation = fc.record({
    path: fc.constantFrom(...places),
    how: fc.constantFrom('replace', 'remove', 'wrap', 'name', 'flip'),
    value: nastyJson,
    text: nastyText,
  });
  return fc.array(mutation, { minLength: 1, maxLength: 3 }).map((mutations) =>
    mutations.reduce<unknown>(
      (current, { path, how, value, text }) =>
        changed(current, path, (at, name) => {
          const old = ownMember(at, name);
          if (how === 'replace') at[name] = value;
          else if (how === 'remove') Reflect.deleteProperty(at, name);
          else if (how === 'wrap') at[name] = [old, old];
          else if (how === 'name')
            Object.defineProperty(at, text, { value: old, enumerable: true });
          else at[name] = typeof old === 'string' ? flipped(old, text.length) : value;
        }),
      document,
    ),
  );
}

function flipped(text: string, at: number): string {
  const place = text.length === 0 ? 0 : at % text.length;
  return `${text.slice(0, place)}${text[place] === 'A' ? 'B' : 'A'}${text.slice(place + 1)}`;
}

/** The bytes of a document: unchanged, truncated, with inserted bytes, or with replaced bytes. */
export function mangled(document: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat({ max: document.length });
  return fc.oneof(
    fc
      .tuple(place, fc.uint8Array({ maxLength: 8 }))
      .map(([at, bytes]) =>
        Buffer.concat([document.subarray(0, at), bytes, document.subarray(at)]),
      ),
    fc
      .tuple(place, fc.uint8Array({ maxLength: 8 }))
      .map(([at, bytes]) =>
        Buffer.concat([document.subarray(0, at), bytes, document.subarray(at + bytes.length)]),
      ),
    place.map((at) => document.subarray(0, at)),
    place.map((at) => Buffer.concat([document, document.subarray(at)])),
  );
}

export const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** JSON of a mutated document, sometimes with mutated bytes. */
export function mutatedJson(document: unknown): fc.Arbitrary<Buffer> {
  const encoded = mutated(document).map((value) => Buffer.from(JSON.stringify(value) ?? ''));
  return fc.oneof(
    { weight: 4, arbitrary: encoded },
    { weight: 2, arbitrary: mangled(Buffer.from(JSON.stringify(document))) },
    { weight: 1, arbitrary: anyBytes },
  );
}
