import { readFile } from 'node:fs/promises';

import type { SigningHost } from '../../../src/sign/signing-host';

/** A machine of the test's own: its environment, its clock, the real files and network. */
export function testHost(overrides: Partial<SigningHost> = {}): SigningHost {
  return {
    env: {},
    readFile: (path) => readFile(path, 'utf8'),
    now: () => new Date(),
    ...overrides,
  };
}

/** Everything that an error would show, wherever it is printed: messages, stacks and members, causes included. */
export function everythingIn(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    parts.push(current.name, current.message, current.stack ?? '', JSON.stringify(current));
  }
  return parts.join('\n');
}
