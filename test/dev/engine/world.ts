import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PlannedResource {
  readonly kind?: 'thing' | 'pair' | 'remote' | 'provider' | 'get' | 'deployment';
  readonly name: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly opts?: Readonly<Record<string, unknown>>;
}

/** The resources of the fixture program; see fixtures/program/program.cjs. */
export interface ProgramPlan {
  readonly resources?: readonly PlannedResource[];
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly transform?: Readonly<Record<string, unknown>>;
  readonly hooks?: readonly string[];
  readonly double?: number;
  readonly say?: string;
  readonly warn?: string;
  readonly logError?: string;
  readonly throw?: string;
}

export interface Call {
  readonly op: string;
  readonly name?: string;
  readonly [key: string]: unknown;
}

/** The throw-away provider's world and its log, in a temporary folder. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'engine-'));
  readonly programDir = join(__dirname, 'fixtures', 'program');
  #read = 0;

  get env(): Readonly<Record<string, string>> {
    return {
      FAKE_WORLD: join(this.dir, 'world.json'),
      FAKE_LOG: join(this.dir, 'calls.jsonl'),
      FAKE_PLAN: join(this.dir, 'plan.json'),
      // Most of a run is Node compiling the SDK, three times over.
      NODE_COMPILE_CACHE: join(tmpdir(), 'engine-compile-cache'),
    };
  }

  plan(plan: ProgramPlan): void {
    writeFileSync(join(this.dir, 'plan.json'), JSON.stringify(plan));
  }

  allCalls(): readonly Call[] {
    const path = join(this.dir, 'calls.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Call);
  }

  /** Calls since the last read. */
  calls(): readonly Call[] {
    const all = this.allCalls();
    const fresh = all.slice(this.#read);
    this.#read = all.length;
    return fresh;
  }

  /** "op name" of the calls since the last read, without read-only ones. */
  deeds(): readonly string[] {
    return this.calls()
      .filter(({ op }) => op !== 'check' && op !== 'diff')
      .map(({ op, name, token }) => `${op} ${name ?? String(token)}`);
  }

  things(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
    const path = join(this.dir, 'world.json');
    if (!existsSync(path)) return {};
    return (JSON.parse(readFileSync(path, 'utf8')) as { things?: never }).things ?? {};
  }

  change(id: string, inputs: Readonly<Record<string, unknown>> | undefined): void {
    const path = join(this.dir, 'world.json');
    const world = JSON.parse(readFileSync(path, 'utf8')) as { things: Record<string, unknown> };
    if (inputs === undefined) delete world.things[id];
    else world.things[id] = inputs;
    writeFileSync(path, JSON.stringify(world));
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
