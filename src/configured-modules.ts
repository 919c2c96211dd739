import type { Module } from './core/callback-points.ts';
import type { ModuleContext } from './core/module-context.ts';
import type { ModuleEntrySettings, ModuleSettings, UseSettings } from './core/module-settings.ts';
import type { Settings } from './core/settings.ts';
import { loadModuleKind } from './module-kinds.ts';
import { createBlock } from './modules/block/block.ts';
import { createHeaders } from './modules/headers/headers.ts';
import { createRedirect } from './modules/redirect/redirect.ts';
import { createRespond } from './modules/respond/respond.ts';
import { createRewrite } from './modules/rewrite/rewrite.ts';
import { createTag } from './modules/tag/tag.ts';
import type { PlacedModule } from './proxy/chain-plan.ts';
import { checkedModule } from './proxy/checked-module.ts';
import type { ModuleLists, TenantModules } from './proxy/module-table.ts';
import { onResponses } from './proxy/response-condition.ts';
import { type Condition, compileCondition } from './route/condition/compile-condition.ts';
import { ConditionFault } from './route/condition/condition-fault.ts';
import { KNOWN_TO_MODULES, KNOWN_WITH_RESPONSE } from './route/condition/known-facts.ts';

/**
 * The modules that a configuration names, by the place where it does. One from a file that has the same owner and settings as before is
 * the same as before, with whatever it remembers.
 */
export class ConfiguredModules {
  readonly server: readonly PlacedModule[];
  readonly tenants: ModuleLists['tenants'];
  readonly #trustedProxies: readonly string[];
  readonly #previous: ReadonlyMap<string, OwnModule> | undefined;
  /** Those from files, by owner, file and settings. */
  readonly #own = new Map<string, OwnModule>();

  /** Throws for a module from a file that cannot be made; what was made so far is disposed of. */
  constructor(settings: Settings, previous?: ConfiguredModules) {
    this.#trustedProxies = settings.trustedProxies;
    this.#previous = previous === undefined ? undefined : previous.#own;
    try {
      this.server = this.#build(settings.modules, '');
      this.tenants = this.#buildTenants(settings);
    } catch (error) {
      // What went wrong first is what is told.
      this.#release();
      throw error;
    }
  }

  /** Nobody asks these any more. Modules that no other configuration has are told, all of them; then throws what the first has thrown. */
  dispose(): void {
    const failures = this.#release();
    if (failures.length > 0) throw failures[0];
  }

  /** Gives what modules have thrown when they were told. */
  #release(): unknown[] {
    const failures: unknown[] = [];
    for (const own of this.#own.values()) {
      own.users -= 1;
      try {
        if (own.users === 0) own.module.dispose?.();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#own.clear();
    return failures;
  }

  #buildTenants({ tenants }: Settings): Map<string, TenantModules> {
    const built = new Map<string, TenantModules>();
    for (const { name, modules = [], routes } of tenants) {
      const ofRoutes = new Map<number, readonly PlacedModule[]>();
      for (const [i, { host = '', path = '', when = '', modules: list = [] }] of routes.entries()) {
        if (list.length > 0) ofRoutes.set(i, this.#build(list, `${name}\n${host}\n${path}\n${when}`));
      }
      if (modules.length > 0 || ofRoutes.size > 0)
        built.set(name, { modules: this.#build(modules, name), routes: ofRoutes });
    }
    return built;
  }

  /** `owner`: '' for the server. */
  #build(entries: readonly ModuleEntrySettings[] = [], owner: string): PlacedModule[] {
    return entries.map((entry) => {
      const { place, when, module } = entry;
      const isServerWide = owner === '' && when === undefined;
      const condition = when === undefined ? undefined : readCondition(when);
      if (module.kind === 'use') return { module: this.#use(entry, module, owner, isServerWide), condition };
      const made = create(module, { isServerWide, trustedProxies: this.#trustedProxies });
      return placed({ name: module.kind, place, ...made }, condition);
    });
  }

  #use(
    { place, when }: ModuleEntrySettings,
    settings: UseSettings,
    owner: string,
    isServerWide: boolean,
  ): Module {
    const text = JSON.stringify([owner, when ?? null, settings.file, settings.with ?? null]);
    let key = text;
    for (let n = 2; this.#own.has(key); n++) key = `${text} ${n}`;
    const own = this.#previous?.get(key) ?? { module: makeOwn(place, settings), users: 0 };
    own.users += 1;
    this.#own.set(key, own);
    const { module } = own;
    const early = EARLY.filter((name) => module.handlers?.[name] !== undefined);
    if (early.length > 0 && !isServerWide)
      throw new Error(
        `${place}: ${module.name} hangs on ${early.join(', ')}, where no request is known: it belongs to the top of the configuration, without when`,
      );
    return { ...module, place };
  }
}

/** A module from a file, which several configurations may have, one after the other. */
interface OwnModule {
  readonly module: Module;
  /** Configurations that have it and are not disposed of. */
  users: number;
}

/** Points of sessions and streams, and of requests before the tenant is known. */
const EARLY = ['accept', 'handshake', 'beforeLocation', 'forwardStream', 'streamFinish', 'finish'] as const;

function makeOwn(place: string, { file, with: settings }: UseSettings): Module {
  const kind = loadModuleKind(file);
  if (typeof kind === 'string') throw new Error(`${place}: ${file}: ${kind}`);
  try {
    return checkedModule(kind.create(settings), kind.name);
  } catch (error) {
    throw new Error(
      `${place}: ${kind.name} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function placed(module: Module, condition: Condition | undefined): PlacedModule {
  return condition?.facts.has('response')
    ? { module: onResponses(module, condition), responseCondition: condition }
    : { module, condition };
}

/** Which module may have which has been checked. */
function readCondition(text: string): Condition {
  const condition = compileCondition(text, { known: KNOWN_TO_MODULES });
  if (!(condition instanceof ConditionFault)) return condition;
  const onResponse = compileCondition(text, { known: KNOWN_WITH_RESPONSE });
  if (onResponse instanceof ConditionFault) throw condition;
  return onResponse;
}

function create(
  settings: Exclude<ModuleSettings, UseSettings>,
  context: ModuleContext,
): Omit<Module, 'name' | 'place'> {
  switch (settings.kind) {
    case 'headers':
      return createHeaders(settings);
    case 'block':
      return createBlock(settings, context);
    case 'redirect':
      return createRedirect(settings);
    case 'rewrite':
      return createRewrite(settings);
    case 'respond':
      return createRespond(settings);
    case 'tag':
      return createTag(settings);
  }
}
