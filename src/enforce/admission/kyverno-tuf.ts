import type { Problem } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { serviceUrlFault } from '../../http/service-url';

/** The TUF repository from which Kyverno loads trust material, also when the policy has a trusted root. */
export interface KyvernoTuf {
  /** Address of the repository. */
  readonly mirror: string;
  /** JSON text of the repository's initial `root.json`. Default: the root of the public-good instance, for a mirror of it. */
  readonly root?: string;
}

const invalid = (property: string, message: string): Problem => ({
  property,
  code: 'INPUT_INVALID',
  message,
});

/** Whether a text is TUF root metadata: https://theupdateframework.github.io/specification/latest/#file-formats-root */
function isRootMetadata(text: string): boolean {
  try {
    const { signed, signatures } = parseBoundedJson(text) as {
      readonly signed?: { readonly _type?: unknown } | null;
      readonly signatures?: unknown;
    };
    return signed?._type === 'root' && Array.isArray(signatures);
  } catch {
    return false;
  }
}

/** Reports what is wrong with the declared repository. */
export function tufProblems(tuf: KyvernoTuf | undefined): Problem[] {
  if (tuf === undefined || tuf === null) return [];
  if (typeof tuf !== 'object') return [invalid('tuf', 'must be an object')];
  const { mirror, root } = tuf as Partial<KyvernoTuf>;
  const isText = typeof mirror === 'string' && mirror.trim() !== '';
  const fault = isText ? serviceUrlFault(mirror, { carriesSecret: false }) : 'is required';
  const isRoot = root === undefined || root === null || isRootMetadata(root);
  return [
    ...(fault === undefined ? [] : [invalid('tuf.mirror', fault)]),
    ...(isRoot
      ? []
      : [
          invalid(
            'tuf.root',
            'must be the JSON text of TUF root metadata (`root.json` of the repository)',
          ),
        ]),
  ];
}

/** `attestors[].cosign.tuf` of an `ImageValidatingPolicy`. */
export function tufMember({ mirror, root }: KyvernoTuf): object {
  return {
    mirror,
    ...(typeof root === 'string' && {
      root: { data: Buffer.from(root, 'utf8').toString('base64') },
    }),
  };
}
