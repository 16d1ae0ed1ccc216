import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

/** The comments of a class, interface or enum. */
export interface Documentation {
  readonly description: string;
  readonly members: Readonly<Record<string, string>>;
}

/**
 * Reads the documentation comments of all exported declarations of these folders, by name. The schema takes the
 * descriptions of resources and types from it, because Pulumi's analyzer reads those of members only.
 */
export function readDocumentation(folders: readonly string[]): ReadonlyMap<string, Documentation> {
  const found = new Map<string, Documentation>();
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).forEachChild((node) => {
        for (const [name, documentation] of declared(node)) found.set(name, documentation);
      });
    }
  }
  return found;
}

function declared(node: ts.Node): readonly (readonly [string, Documentation])[] {
  const description = textOf(node);
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const members: readonly ts.Node[] = [...node.members];
    return node.name ? [[node.name.text, { description, members: membersOf(members) }]] : [];
  }
  // An enum of this package: a constant object, and a type with its name.
  if (ts.isVariableStatement(node) && description !== '') {
    return node.declarationList.declarations.map((each) => [
      each.name.getText(),
      { description, members: {} },
    ]);
  }
  return [];
}

function membersOf(members: readonly ts.Node[]): Record<string, string> {
  return Object.fromEntries(
    members.flatMap((member) => {
      const { name } = member as { readonly name?: ts.Node };
      const text = textOf(member);
      return name && text !== '' ? [[name.getText(), text]] : [];
    }),
  );
}

/** The comment without its tags: `@throws` is for TypeScript only. */
function textOf(node: ts.Node): string {
  const last = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  return (ts.getTextOfJSDocComment(last?.comment) ?? '').trim();
}
