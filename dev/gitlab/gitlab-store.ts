/** The permissions of a token: https://docs.gitlab.com/security/tokens/ */
export interface GitlabToken {
  readonly scope: 'api' | 'read_api';
  /** Roles by path of projects and groups; others are hidden from the token. */
  readonly roles: Readonly<Record<string, 'developer' | 'maintainer' | 'owner'>>;
  readonly expired?: boolean;
}

export interface GitlabVariable {
  readonly key: string;
  readonly value: string;
  readonly variable_type: string;
  readonly protected: boolean;
  readonly masked: boolean;
  /** Its value is never returned. */
  readonly hidden: boolean;
  readonly raw: boolean;
  readonly environment_scope: string;
}

export interface VariableSpace {
  readonly kind: 'project' | 'group';
  readonly id: number;
  readonly path: string;
  readonly variables: GitlabVariable[];
}

/** The projects and groups of a GitLab. */
export class GitlabStore {
  readonly #spaces: VariableSpace[] = [];
  readonly #moved = new Map<string, VariableSpace>();

  add(kind: VariableSpace['kind'], path: string): VariableSpace {
    const space: VariableSpace = { kind, path, id: 100 + this.#spaces.length, variables: [] };
    this.#spaces.push(space);
    return space;
  }

  /** As after a rename: the old path redirects to it. */
  rename(oldPath: string, space: VariableSpace): void {
    this.#moved.set(oldPath, space);
  }

  movedFrom(id: string): VariableSpace | undefined {
    return this.#moved.get(id);
  }

  find(kind: VariableSpace['kind'], id: string): VariableSpace | undefined {
    return this.#spaces.find(
      (space) => space.kind === kind && (space.path === id || String(space.id) === id),
    );
  }

  /** Sets a variable from outside of the API. */
  set(space: VariableSpace, key: string, value: string, more: Partial<GitlabVariable> = {}): void {
    space.variables.push(variableOf({ key, value, ...more }));
  }
}

/** https://docs.gitlab.com/api/project_level_variables/#create-a-variable: the defaults. */
export function variableOf(
  given: Partial<GitlabVariable> & Pick<GitlabVariable, 'key' | 'value'>,
): GitlabVariable {
  return {
    key: given.key,
    value: given.value,
    variable_type: given.variable_type ?? 'env_var',
    protected: given.protected ?? false,
    masked: given.masked ?? false,
    hidden: given.hidden ?? false,
    raw: given.raw ?? false,
    environment_scope: given.environment_scope ?? '*',
  };
}
