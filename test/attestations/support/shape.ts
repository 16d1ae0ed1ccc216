import { inspectSignatures, type RequirementArgs } from '../../../src/core';
import { processHost } from '../../../src/host/host';
import { type CosignVerdict, recordShape } from './table';

/** An image with attestations as a build system leaves them. */
export interface ShapedImage {
  /** `host/path@digest`. */
  readonly reference: string;
}

/** A shape of attestations, and how it is verified. */
export interface Shape<Image extends ShapedImage> {
  readonly name: string;
  /** Makes an image with these attestations, in a repository of its own. */
  readonly make: () => Promise<Image>;
  readonly requirement: () => RequirementArgs;
  /** Path of the trusted root; absent for keys without a log. */
  readonly trustedRoot?: () => string;
  /** Whether real cosign accepts the same; absent if it cannot read the shape. */
  readonly cosign?: (image: Image) => Promise<boolean>;
}

/** An image that differs from the shape in one thing. */
export interface Sibling<Image extends ShapedImage> {
  readonly name: string;
  /** @param image the shape as it is made, which was accepted; to alter it, or to make another one like it */
  readonly make: (image: Image) => Promise<Image>;
  readonly code: string;
  readonly reason: RegExp;
  /** What cosign says, which cannot be asked for everything that a requirement has. */
  readonly cosign: CosignVerdict;
}

async function inspect<Image extends ShapedImage>(shape: Shape<Image>, { reference }: Image) {
  const { report, verified, unmet } = await inspectSignatures(
    {
      image: reference,
      require: [shape.requirement()],
      ...(shape.trustedRoot && { sigstore: { trustedRoot: shape.trustedRoot() } }),
    },
    { host: processHost() },
  );
  const [requirement] = report.requirements ?? [];
  return { verified, unmet, code: requirement?.code ?? '', reason: requirement?.reason ?? '' };
}

async function cosignVerdict<Image extends ShapedImage>(
  shape: Shape<Image>,
  image: Image,
): Promise<CosignVerdict> {
  if (shape.cosign === undefined) return '-';
  return (await shape.cosign(image)) ? 'accepts' : 'refuses';
}

/**
 * Defines the tests of a shape: it is accepted, and each sibling is refused with its code and reason. In each of
 * them the shape without the change is accepted first, so that nothing else can be the reason.
 */
export function describeShape<Image extends ShapedImage>(
  shape: Shape<Image>,
  siblings: readonly Sibling<Image>[],
): void {
  describe(shape.name, () => {
    it('is accepted', async () => {
      const image = await shape.make();
      const { verified, unmet } = await inspect(shape, image);
      const cosign = await cosignVerdict(shape, image);
      const line = { shape: shape.name, sibling: '-', expected: 'accepted', cosign } as const;
      recordShape({ ...line, result: verified ? 'accepted' : 'wrong', code: '', reason: '' });
      expect({ verified, unmet }).toEqual({ verified: true, unmet: [] });
      expect(cosign).not.toBe('refuses');
    });

    it.each(siblings.map((each) => [each.name, each] as const))(
      'is refused with %s',
      async (name, sibling) => {
        const original = await shape.make();
        expect(await inspect(shape, original)).toMatchObject({ verified: true, unmet: [] });
        const image = await sibling.make(original);
        const { verified, code, reason } = await inspect(shape, image);
        const cosign = sibling.cosign === '-' ? '-' : await cosignVerdict(shape, image);
        const isRight = !verified && code === sibling.code && sibling.reason.test(reason);
        const line = { shape: shape.name, sibling: name, expected: 'refused', cosign } as const;
        recordShape({ ...line, result: isRight ? 'refused' : 'wrong', code, reason });
        expect({ verified, code }).toEqual({ verified: false, code: sibling.code });
        expect(reason).toMatch(sibling.reason);
        expect(cosign).toBe(sibling.cosign);
      },
    );
  });
}
