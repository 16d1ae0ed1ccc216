import { startStack, type Stack } from '../support/stack';
import { CASES, nameOf, PURPOSES } from './support/cases';
import { isRecorded, record, recordVersion } from './support/record';
import { SIBLINGS, type Sibling, siblingOf, signedCase, type SignedCase } from './support/signed';
import { type Trust, writeTrust } from './support/trust';
import { VERIFIERS } from './support/verifiers';

/**
 * Our images, each read by each verifier, and falsified siblings that each must refuse. Where a verifier does not accept
 * what it should, the test requires that it refuses, so that a later version which accepts it changes the table.
 */
let stack: Stack;
let trust: Trust;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  trust = await writeTrust(stack);
  if (isRecorded()) for (const { name, version } of VERIFIERS) recordVersion(name, version());
});
afterAll(() => stack.close());

describe.each(CASES.map((of) => [nameOf(of), of] as const))('%s', (_, of) => {
  let signed: SignedCase;
  const siblings = new Map<Sibling, SignedCase>();
  /** The same for all verifiers. */
  const falsifiedBy = async (sibling: Sibling): Promise<SignedCase> => {
    const falsified = siblings.get(sibling) ?? (await siblingOf(stack, signed, sibling));
    siblings.set(sibling, falsified);
    return falsified;
  };
  beforeAll(async () => {
    signed = await signedCase(stack, of);
  });

  const cells = VERIFIERS.flatMap((verifier) =>
    PURPOSES.map((purpose) => [verifier.name, purpose, verifier] as const),
  );
  describe.each(cells)('%s: %s', (_name, purpose, verifier) => {
    const gap = verifier.gap(of, purpose);
    const cell = { verifier: verifier.name, image: nameOf(of), purpose };

    test(gap === undefined ? 'accepts ours' : `does not: ${gap}`, async () => {
      const run = await verifier.verify({ stack, trust, signed, purpose, trusts: 'signer' });
      if (gap !== undefined) {
        expect(run?.code).not.toBe(0);
        record({ ...cell, gap });
        return;
      }
      if (run?.code !== 0) throw new Error(`refused: ${run?.stderr ?? 'no command'}`);
      record({ ...cell, flags: verifier.flags(of, purpose) });
    });

    if (gap !== undefined) return;
    test.each(SIBLINGS)('refuses one %s', async (sibling) => {
      const falsified = await falsifiedBy(sibling);
      const trusts = sibling === 'by another signer' ? 'another' : 'signer';
      const run = await verifier.verify({ stack, trust, signed: falsified, purpose, trusts });
      expect(run?.code).toBeGreaterThan(0);
      record({ ...cell, refused: sibling });
    });
  });
});
