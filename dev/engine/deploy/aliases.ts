import type { AliasSpec } from '../provider/provider';
import { formatUrn, parseUrn, qualify } from '../urn';
import type { Goal } from './goal';

const resolve = (alias: AliasSpec, urn: string, goal: Goal): string => {
  if (alias.urn !== undefined && alias.urn !== '') return alias.urn;
  const own = parseUrn(urn);
  const parent = alias.noParent === true ? undefined : (alias.parent ?? goal.parent);
  return formatUrn({
    stack: alias.stack ?? own.stack,
    project: alias.project ?? own.project,
    qualifiedType: qualify(alias.type ?? goal.type, parent),
    name: alias.name ?? goal.name,
  });
};

/** As the real engine: a child whose name begins with its parent's is renamed together with it. */
const inheritedName = (name: string, parent: string, formerParent: string): string => {
  const prefix = parseUrn(parent).name;
  return name.startsWith(prefix) ? parseUrn(formerParent).name + name.slice(prefix.length) : name;
};

/** URNs that the resource may have in the state: its aliases, and those that follow from its parent's. */
export const formerUrns = (
  urn: string,
  goal: Goal,
  parentNames: readonly string[],
): readonly string[] => {
  const own = parseUrn(urn);
  const specs: readonly AliasSpec[] = [{}, ...goal.aliases];
  const inherited = parentNames.flatMap((parent) =>
    specs
      .filter((alias) => alias.urn === undefined && alias.parent === undefined)
      .map((alias) =>
        formatUrn({
          stack: own.stack,
          project: own.project,
          qualifiedType: qualify(alias.type ?? goal.type, parent),
          name: inheritedName(alias.name ?? goal.name, goal.parent, parent),
        }),
      ),
  );
  const all = [...goal.aliases.map((alias) => resolve(alias, urn, goal)), ...inherited];
  return [...new Set(all)].filter((name) => name !== urn);
};
