import type { ProgramPlan, World } from './world';

export interface Step {
  readonly verb: 'preview' | 'up' | 'refresh' | 'destroy';
  readonly plan?: ProgramPlan;
  /** Changes the world behind the engine's back. */
  readonly change?: (world: World) => void;
  /** Default true. */
  readonly ok?: boolean;
  readonly summary?: Readonly<Record<string, number>>;
  /** Calls that do something, "op name", in any order. */
  readonly deeds: readonly string[];
  /** Inputs with which a resource must have been made or changed, among others. */
  readonly inputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Parts of the error messages, each of which must be there. */
  readonly errors?: readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** Always run; the others when ENGINE_SCENARIOS is `all`, and on the real engine. */
  readonly always?: true;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const a = (args = {}, opts = {}) => ({ name: 'a', args: { name: 'x', ...args }, opts });
const b = (args = {}, opts = {}) => ({ name: 'b', args: { text: '$a.token', ...args }, opts });

export const scenarios: readonly Scenario[] = [
  {
    name: 'creates, keeps, updates, replaces and deletes',
    always: true,
    steps: [
      { verb: 'preview', plan: { resources: [a(), b()] }, deeds: [], summary: { create: 3 } },
      { verb: 'up', deeds: ['create a', 'create b'], summary: { create: 3 } },
      { verb: 'up', deeds: [], summary: { same: 3 } },
      {
        // The provider cannot preview, so b seems to change with a; the update shows that it does not.
        verb: 'preview',
        plan: { resources: [a({ size: 5 }), b()] },
        deeds: [],
        summary: { same: 1, update: 2 },
      },
      { verb: 'up', deeds: ['update a'], summary: { same: 2, update: 1 } },
      {
        verb: 'up',
        plan: { resources: [a({ name: 'y', size: 5 }), b()] },
        deeds: ['create a', 'update b', 'delete a'],
        summary: { same: 1, replace: 1, update: 1 },
      },
      {
        verb: 'up',
        plan: { resources: [a({ name: 'y', size: 5 })] },
        deeds: ['delete b'],
        summary: { same: 2, delete: 1 },
      },
      { verb: 'destroy', deeds: ['delete a'], summary: { delete: 2 } },
    ],
  },
  {
    name: 'finds drift and what has vanished on refresh',
    always: true,
    steps: [
      {
        verb: 'up',
        plan: { resources: [a(), b()] },
        deeds: ['create a', 'create b'],
      },
      {
        verb: 'refresh',
        change: (world) => {
          world.change('thing-1', { name: 'x', size: 9 });
          world.change('thing-2', undefined);
        },
        deeds: ['read a', 'read b'],
        summary: { same: 1, update: 1, delete: 1 },
      },
      { verb: 'up', deeds: ['update a', 'create b'], summary: { same: 1, update: 1, create: 1 } },
    ],
  },
  {
    name: 'shows a refused input on its property and makes nothing',
    always: true,
    steps: [
      {
        verb: 'preview',
        plan: { resources: [a({ size: -1 })] },
        ok: false,
        deeds: [],
        errors: ['size', 'must not be negative'],
      },
      {
        verb: 'up',
        plan: { resources: [{ kind: 'remote', name: 'r', args: { bad: true } }] },
        ok: false,
        deeds: ['construct r'],
        errors: ['bad', 'is not wanted'],
      },
    ],
  },
  {
    name: 'records what was made before a failure, and goes on from there',
    steps: [
      {
        verb: 'up',
        plan: { resources: [a(), b({ mode: 'fail' })], outputs: { token: '$b.token' } },
        ok: false,
        deeds: ['create a', 'create b'],
        errors: ['the world said no'],
      },
      { verb: 'up', plan: { resources: [a(), b()] }, deeds: ['create b'] },
    ],
  },
  {
    name: 'completes what was created only in part',
    steps: [
      {
        verb: 'up',
        plan: { resources: [a({ mode: 'partial' })] },
        ok: false,
        deeds: ['create a'],
        errors: ['it never became ready'],
      },
      { verb: 'up', deeds: ['update a'], summary: { same: 1, update: 1 } },
      { verb: 'up', deeds: [], summary: { same: 2 } },
    ],
  },
  {
    name: 'deletes first where both cannot be, and makes dependents again that cannot be without',
    steps: [
      {
        verb: 'up',
        plan: {
          resources: [
            a({ exclusive: true }),
            { name: 'c', args: { needs: '$a.token' } },
            { name: 'd', args: { text: 'apart' } },
          ],
        },
        deeds: ['create a', 'create c', 'create d'],
      },
      {
        verb: 'up',
        plan: {
          resources: [
            a({ name: 'z', exclusive: true }),
            { name: 'c', args: { needs: '$a.token' } },
            { name: 'd', args: { text: 'apart' } },
          ],
        },
        deeds: ['delete c', 'delete a', 'create a', 'create c'],
        summary: { same: 2, replace: 2 },
      },
    ],
  },
  {
    name: 'runs transforms of the stack, of a resource and of its parents, inside a remote component too',
    always: true,
    steps: [
      {
        verb: 'up',
        plan: {
          // Without `canary-`: the SDK's own debug lines contain a secret output of any provider.
          transform: { stacked: 'yes', hidden: { secret: 'transformed-secret' } },
          resources: [
            a({}, { transform: { own: 'yes' } }),
            { kind: 'remote', name: 'r', args: {}, opts: { transform: { inherited: 'yes' } } },
          ],
        },
        deeds: ['create a', 'construct r', 'create r-left', 'create r-right'],
        inputs: {
          a: { stacked: 'yes', own: 'yes' },
          'r-left': { stacked: 'yes', inherited: 'yes' },
          'r-right': { stacked: 'yes', inherited: 'yes' },
        },
      },
    ],
  },
  {
    name: 'runs hooks, a before-hook refusing the step',
    always: true,
    steps: [
      {
        verb: 'up',
        plan: {
          hooks: ['h1', 'h2', 'h3', 'h4'],
          resources: [
            a(
              {},
              {
                bind: {
                  beforeCreate: 'h1',
                  afterCreate: 'h2',
                  beforeUpdate: 'h3',
                  afterDelete: 'h4',
                },
              },
            ),
          ],
        },
        deeds: ['hook a', 'create a', 'hook a'],
      },
      {
        verb: 'up',
        plan: {
          hooks: ['h1', 'h2', 'h3', 'h4', 'refuse'],
          resources: [
            a({ size: 4 }, { bind: { beforeUpdate: 'h3', afterDelete: 'h4' } }),
            { name: 'z', opts: { bind: { beforeCreate: 'refuse' }, dependsOn: ['a'] } },
          ],
        },
        ok: false,
        deeds: ['hook a', 'update a', 'hook z'],
        errors: ['the hook refuses'],
      },
      {
        verb: 'up',
        plan: { hooks: ['h4'] },
        deeds: ['delete a', 'hook a'],
        summary: { same: 1, delete: 1 },
      },
      {
        verb: 'up',
        plan: { hooks: ['h4'], resources: [a({}, { bind: { afterDelete: 'h4' } })] },
        deeds: ['create a'],
      },
      // The program does not run in a destroy, so its hooks cannot.
      { verb: 'destroy', ok: false, deeds: [], errors: ['delete hooks', 'h4'] },
    ],
  },
  {
    name: 'honours ignoreChanges, aliases, protect and retainOnDelete',
    steps: [
      {
        verb: 'up',
        plan: {
          resources: [
            a({ size: 2 }, { protect: true }),
            b({}, { retainOnDelete: true }),
            { name: 'old', args: { size: 7, text: '$a.token' } },
          ],
        },
        deeds: ['create a', 'create b', 'create old'],
      },
      {
        verb: 'up',
        plan: {
          resources: [
            a({ size: 3 }, { protect: true, ignoreChanges: ['size'] }),
            b({}, { retainOnDelete: true }),
            {
              name: 'new',
              args: { size: 7, text: '$a.token' },
              opts: { aliases: [{ name: 'old' }] },
            },
          ],
        },
        deeds: [],
        summary: { same: 4 },
      },
      {
        verb: 'up',
        plan: { resources: [{ name: 'new', args: { size: 7, text: 'free' } }] },
        ok: false,
        deeds: ['update new'],
        errors: ['protected'],
      },
      {
        verb: 'up',
        plan: { resources: [a({ size: 2 })] },
        deeds: ['delete new'],
      },
    ],
  },
  {
    name: 'reads what others own, and calls functions',
    steps: [
      { verb: 'up', plan: { resources: [a()] }, deeds: ['create a'] },
      {
        verb: 'up',
        plan: {
          resources: [a(), { kind: 'get', name: 'g', args: { id: 'thing-1' } }],
          double: 21,
          outputs: { token: '$g.token' },
        },
        deeds: ['invoke fake:index:double', 'read g'],
      },
      { verb: 'up', plan: { resources: [a()] }, deeds: [] },
      {
        verb: 'up',
        // A resource with that id does not exist: the program gets no outputs, and no error.
        plan: { resources: [a(), { kind: 'get', name: 'g', args: { id: 'thing-99' } }] },
        deeds: ['read g'],
      },
    ],
  },
  {
    name: 'previews what a provider that can preview says',
    always: true,
    env: { FAKE_PREVIEW: 'yes' },
    steps: [
      {
        verb: 'preview',
        plan: { resources: [a(), b()] },
        deeds: ['preview-create a', 'preview-create b'],
        summary: { create: 3 },
      },
      { verb: 'up', deeds: ['create a', 'create b'] },
      {
        // The token is known to stay, so b stays.
        verb: 'preview',
        plan: { resources: [a({ size: 5 }), b()] },
        deeds: ['preview-update a'],
        summary: { same: 2, update: 1 },
      },
    ],
  },
  {
    name: 'finishes a deletion that failed after a replacement',
    steps: [
      { verb: 'up', plan: { resources: [a({ mode: 'undeletable' })] }, deeds: ['create a'] },
      {
        verb: 'up',
        plan: { resources: [a({ name: 'y' })] },
        ok: false,
        deeds: ['create a', 'delete a'],
        errors: ['the world holds on to it'],
      },
      {
        verb: 'up',
        plan: { resources: [a({ name: 'y' })], throw: 'out of luck' },
        ok: false,
        deeds: [],
      },
      {
        verb: 'up',
        plan: { resources: [a({ name: 'y' }), { name: 'late' }] },
        ok: false,
        deeds: ['create late', 'delete a'],
        errors: ['the world holds on to it'],
      },
    ],
  },
  {
    name: 'uses an explicit provider',
    steps: [
      {
        verb: 'up',
        plan: {
          resources: [{ kind: 'provider', name: 'p' }, a({}, { provider: 'p' })],
        },
        deeds: ['create a'],
        summary: { create: 3 },
      },
      { verb: 'up', deeds: [], summary: { same: 3 } },
      { verb: 'destroy', deeds: ['delete a'], summary: { delete: 3 } },
    ],
  },
];
