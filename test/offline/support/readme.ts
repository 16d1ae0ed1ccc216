/** The clients, as the README's headings name them. */
export const VERIFIERS = ['signed-image', 'cosign', 'sigstore-python', 'sigstore-go'] as const;
export type Verifier = (typeof VERIFIERS)[number];

/** One block of commands of the README. */
export interface ReadmeBlock {
  readonly verifier: Verifier;
  readonly caption: string;
  readonly script: string;
}

/** Returns the commands of a README, as a reader would copy them. */
export function readmeBlocks(readme: string): readonly ReadmeBlock[] {
  const sections = readme.split(/^## /m).slice(1);
  return VERIFIERS.flatMap((verifier) => {
    const section = sections.find((each) => each.startsWith(`${verifier}\n`)) ?? '';
    return [...section.matchAll(/^(.+):\n\n```sh\n([\s\S]*?)\n```$/gm)].map(
      ([, caption = '', script = '']) => ({ verifier, caption, script }),
    );
  });
}
