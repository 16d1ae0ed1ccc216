import { join } from 'node:path';

import { BUILDER_VARIANTS, type BuilderVariant, CAPABILITIES } from '../../src/build/capabilities';

export const BUILDERS_PAGE = join(__dirname, '..', '..', 'docs', 'builders.md');

const START = '<!-- Generated from src/build/capabilities.ts by dev/capabilities/generate.ts. -->';
const END = '<!-- End of the generated table. -->';

const SHOWN = { yes: 'yes', no: 'no', daemon: 'daemon' } as const;

/** Headings that keep the table narrow. */
const HEADINGS: Readonly<Record<BuilderVariant, string>> = {
  'buildx-docker': 'buildx: `docker`',
  'buildx-containerd': 'buildx: `docker`, containerd',
  'buildx-remote': 'buildx: other drivers',
  docker: '`docker`',
  podman: '`podman`',
  buildah: '`buildah`',
};

/** Replaces the table in the page by the one of the code. */
export function withCapabilityTable(page: string): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error('docs/builders.md has no place for the table');
  return `${page.slice(0, from)}${START}\n\n${table()}\n\n${page.slice(to)}`;
}

function table(): string {
  const variants = Object.keys(BUILDER_VARIANTS) as BuilderVariant[];
  return [
    row(['input', 'what', ...variants.map((variant) => HEADINGS[variant])]),
    row(['input', 'what', ...variants].map(() => '---')),
    ...CAPABILITIES.map(({ input, what, support }) =>
      row([`\`${input}\``, what, ...variants.map((variant) => SHOWN[support[variant]])]),
    ),
  ].join('\n');
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
