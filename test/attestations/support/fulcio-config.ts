import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { load } from 'js-yaml';

import type { startRealSigstore } from '../../../dev/services';

const MODULE = resolve(__dirname, '../../../dev/tools/services/sigstore');

type FulcioConfig = NonNullable<Parameters<typeof startRealSigstore>[0]['fulcioConfig']>;

interface Metadata {
  readonly 'default-template-values': Readonly<Record<string, string>>;
  readonly 'extension-templates': Readonly<Record<string, string>>;
  readonly 'subject-alternative-name-template': string;
}

/**
 * How the public instance makes certificates of CI jobs: `ci-issuer-metadata` of its configuration, as it is in the
 * module from which Fulcio is built.
 *
 * https://github.com/sigstore/fulcio/blob/v1.8.8/config/identity/config.yaml
 */
export function publicMetadata(): NonNullable<FulcioConfig['CIIssuerMetadata']> {
  const args = ['list', '-m', '-f', '{{.Dir}}', 'github.com/sigstore/fulcio'];
  const folder = execFileSync('go', args, { cwd: MODULE, encoding: 'utf8' }).trim();
  const text = readFileSync(join(folder, 'config/identity/config.yaml'), 'utf8');
  const names = new Map(
    [...text.matchAll(/^ +- &([\w-]+) "([\w-]+)"$/gm)].map(([, anchor, name]) => [anchor, name]),
  );
  // An alias as a key, which this parser does not read as Go's does.
  const plain = text.replace(/^( +)\*([\w-]+):$/gm, (_, indent: string, anchor: string) => {
    return `${indent}${names.get(anchor) ?? anchor}:`;
  });
  const config = load(plain) as { 'ci-issuer-metadata': Readonly<Record<string, Metadata>> };
  return Object.fromEntries(
    Object.entries(config['ci-issuer-metadata']).map(([name, metadata]) => [
      name,
      {
        DefaultTemplateValues: metadata['default-template-values'],
        ExtensionTemplates: Object.fromEntries(
          Object.entries(metadata['extension-templates']).map(([key, value]) => [
            // The names of the JSON form, of which Go ignores the case.
            key.replaceAll('-', ''),
            value,
          ]),
        ),
        SubjectAlternativeNameTemplate: metadata['subject-alternative-name-template'],
      },
    ]),
  );
}
