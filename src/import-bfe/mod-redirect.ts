import { whenOf } from './conditions.ts';
import { type Draft, plainTemplate } from './draft.ts';
import { Fields, readTexts } from './fields.ts';
import { shown } from './located.ts';
import { readDataFile, readModuleRules } from './module-files.ts';
import { type ConditionedRule, type ModuleImport, passNotes, readConditioned } from './module-import.ts';
import type { Report } from './report.ts';

const STATUSES = [301, 302, 303, 307, 308];

/** `mod_redirect`: the first rule whose condition holds, as the first module that answers. */
export function importRedirect(context: ModuleImport): void {
  const { tree, report, products, lists } = context;
  const file = readDataFile(tree, 'mod_redirect', 'mod_redirect/redirect.data', report);
  for (const { product, name, rules } of readModuleRules(tree, file, products, report, false)) {
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context);
      if (rule === undefined) return;
      const status = rule.fields.number('Status');
      const redirect = readActions(rule, report);
      rule.fields.end();
      if (redirect === undefined) return;
      if (status === undefined || !STATUSES.includes(status.value)) {
        report.dropped(status?.place ?? node.place, `${rule.what}: Status is one of ${STATUSES.join(', ')}`);
        return;
      }
      const entry: Draft = { ...whenOf(rule.condition), redirect: { ...redirect, status: status.value } };
      passNotes(rule.notes, entry, report);
      if (lists.add(product, [entry], node.place, rule.what))
        report.kept(node.place, `${rule.what}, as redirect`);
    });
  }
}

/** Undefined after it was reported why. */
function readActions({ fields, what }: ConditionedRule, report: Report): Draft | undefined {
  const actions = fields.list('Actions');
  const [node] = actions;
  if (node === undefined || actions.length > 1) {
    report.dropped(fields.place, `${what} has ${actions.length} Actions: BFE takes one`);
    return undefined;
  }
  const action = new Fields(node, `the action of ${what}`, report);
  const command = action.text('Cmd');
  const written = action.node('Params');
  const [param] = written === undefined ? [] : readTexts(written, 'Params', report);
  action.end();
  if (command === undefined || param === undefined) {
    report.dropped(node.place, `the action of ${what} needs Cmd and one of Params`);
    return undefined;
  }
  switch (command.value) {
    case 'URL_SET':
      return { to: plainTemplate(param.value) };
    case 'URL_PREFIX_ADD':
      return { to: `${plainTemplate(param.value)}%{uri}` };
    case 'SCHEME_SET':
      report.changed(
        param.place,
        `SCHEME_SET ${shown(param.value)}: a port that the client has named is not kept, and who asks by that scheme already is not sent around in a circle`,
      );
      return { scheme: param.value.toLowerCase() };
    case 'URL_FROM_QUERY':
      report.dropped(
        param.place,
        `${what}: URL_FROM_QUERY ${shown(param.value)} sends clients wherever a link says, which is of use to phishers; name the host in a redirect: { to: "https://HOST%{query:${param.value}}" }`,
      );
      return undefined;
    default:
      report.dropped(command.place, `${what}: BFE knows no action ${shown(command.value)}`);
      return undefined;
  }
}
