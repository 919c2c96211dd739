import type { Module } from './core/callback-points.ts';
import type { ModuleContext } from './core/module-context.ts';
import type { ModuleEntrySettings, ModuleSettings } from './core/module-settings.ts';
import type { Settings } from './core/settings.ts';
import { createBlock } from './modules/block/block.ts';
import { createHeaders } from './modules/headers/headers.ts';
import { createRedirect } from './modules/redirect/redirect.ts';
import { createRespond } from './modules/respond/respond.ts';
import { createRewrite } from './modules/rewrite/rewrite.ts';
import { createTag } from './modules/tag/tag.ts';
import type { PlacedModule } from './proxy/chain-plan.ts';
import type { ModuleLists, TenantModules } from './proxy/module-table.ts';
import { type Condition, compileCondition } from './route/condition/compile-condition.ts';
import { ConditionFault } from './route/condition/condition-fault.ts';
import { KNOWN_TO_MODULES } from './route/condition/known-facts.ts';

/** The modules that a configuration names, by the place where it does. Throws for what validated settings have not. */
export function buildModules(settings: Settings): Pick<ModuleLists, 'server' | 'tenants'> {
  const { trustedProxies } = settings;
  const build = (entries: readonly ModuleEntrySettings[] = [], ofServer = false): PlacedModule[] =>
    entries.map((entry) => {
      const isServerWide = ofServer && entry.when === undefined;
      return buildModule(entry, { isServerWide, trustedProxies });
    });
  const tenants = new Map<string, TenantModules>();
  for (const { name, modules = [], routes } of settings.tenants) {
    const ofRoutes = new Map(
      routes.map((route, i) => [i, build(route.modules)] as const).filter(([, list]) => list.length > 0),
    );
    if (modules.length > 0 || ofRoutes.size > 0)
      tenants.set(name, { modules: build(modules), routes: ofRoutes });
  }
  return { server: build(settings.modules, true), tenants };
}

function buildModule({ place, when, module }: ModuleEntrySettings, context: ModuleContext): PlacedModule {
  return {
    module: { name: module.kind, place, ...create(module, context) },
    condition: when === undefined ? undefined : readCondition(when),
  };
}

function readCondition(text: string): Condition {
  const condition = compileCondition(text, { known: KNOWN_TO_MODULES });
  if (condition instanceof ConditionFault) throw condition;
  return condition;
}

function create(settings: ModuleSettings, context: ModuleContext): Omit<Module, 'name'> {
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
