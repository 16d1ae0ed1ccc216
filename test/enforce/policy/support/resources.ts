import type { Described } from './verdicts';

export const OURS = 'pulumi:providers:signed-image';
export const KUBERNETES = 'pulumi:providers:kubernetes';
export const DIGEST = `sha256:${'1a'.repeat(32)}`;
export const OTHER = `sha256:${'2b'.repeat(32)}`;
export const COMMIT = 'c0'.repeat(20);
export const IMAGE = `registry.example.test/team/app@${DIGEST}`;

export const pod = (image: unknown, more: Partial<Described> = {}): Described => ({
  type: 'kubernetes:core/v1:Pod',
  name: 'pod',
  provider: KUBERNETES,
  props: { spec: { containers: [{ name: 'app', image }] } },
  ...more,
});

/** A verification as declared, or at the end of the run. */
export const verification = (props: Readonly<Record<string, unknown>>, more = {}): Described => ({
  type: 'signed-image:index:VerifiedImage',
  name: 'app',
  provider: OURS,
  props,
  ...more,
});

export const declared = { image: 'registry.example.test/team/app:v1', digest: DIGEST };
export const stack: Described = { type: 'pulumi:pulumi:Stack', name: 'stack', props: {} };
