import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the order in which the Pulumi Registry shows them. */
export const EXAMPLE_LANGUAGES = ['typescript', 'python', 'go', 'csharp', 'java', 'yaml'] as const;

/**
 * The examples of a resource, in the form that the Pulumi Registry and the SDK generators read: one text per
 * title, with a code block for each language (dev/schema/examples/NAME.md).
 */
export function resourceExamples(name: string): string {
  const file = join(__dirname, 'examples', `${name}.md`);
  if (!existsSync(file)) return '';
  const sections = readFileSync(file, 'utf8')
    .trim()
    .split(/^(?=### )/m);
  const examples = sections.map(
    (section) => `{{% example %}}\n${section.trim()}\n\n{{% /example %}}`,
  );
  return `\n\n{{% examples %}}\n## Example Usage\n\n${examples.join('\n')}\n{{% /examples %}}`;
}
