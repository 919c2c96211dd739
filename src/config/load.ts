import { dirname, resolve } from 'node:path';
import type { JudgeExpectations } from '../core/expectation.ts';
import type { Settings } from '../core/settings.ts';
import { Assembly } from './assembly.ts';
import { checkAcmeHosts, readAcme, resolveAcme } from './check-acme.ts';
import { type InspectBackendTls, readBackendTls } from './check-backend-tls.ts';
import { type InspectCertificates, readCertificates } from './check-certificates.ts';
import { checkClusters } from './check-clusters.ts';
import { warnOfConditions } from './check-condition.ts';
import { isAboutCase, judgeCases } from './check-expectations.ts';
import { checkHttp2 } from './check-http2.ts';
import { checkLimits, checkListeners } from './check-listeners.ts';
import { type InspectTenantTls, readTenantTls } from './check-tenant-tls.ts';
import { checkTenants } from './check-tenants.ts';
import { readTicketKeys } from './check-tickets.ts';
import { checkVips } from './check-vips.ts';
import { deepFreeze } from './freeze.ts';
import { gatherIncludes, isInclude, openText, type ReadFile } from './include.ts';
import { isolateTenants } from './isolated-tenants.ts';
import { checkModules } from './modules/check-modules.ts';
import { type InspectModule, readOwnModules } from './modules/read-own-modules.ts';
import { type Complaint, type Path, type Problem, pathText } from './problem.ts';
import { readFromDisk } from './read-from-disk.ts';
import { resolveSettings } from './resolve.ts';
import { readShape } from './shape.ts';
import { ObjectSource, type Source, TextSource } from './source-file.ts';

/** Either settings that are whole and frozen, or every problem there is, in order of file and line. */
export type LoadResult =
  | {
      readonly ok: true;
      readonly settings: Settings;
      /** Absolute; every file that was read, certificates too. */
      readonly files: readonly string[];
      /** What the configuration names, in order of mention, also where it could not be read. */
      readonly named: readonly NamedFile[];
      /** Tenants that are left out for what is wrong with them, because they are isolated. */
      readonly leftOut: readonly string[];
      /** What is worth saying about a good configuration, e.g. a certificate that ends soon. */
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: readonly string[] };

/** A certificate, a key … that the configuration names. */
export interface NamedFile {
  /** Absolute. */
  readonly file: string;
  /** Of the mapping that names it. Files of one place belong together, as a certificate and its key do. */
  readonly place: string;
}

export interface LoadOptions {
  /** Without it certificates are only read, and entries without `hosts` have none. */
  readonly inspectCertificates?: InspectCertificates | undefined;
  /** Without it the files for TLS to backends are only read. */
  readonly inspectBackendTls?: InspectBackendTls | undefined;
  /** Without it the files for certificates of clients are only read. */
  readonly inspectTenantTls?: InspectTenantTls | undefined;
  /** Without it the cases beside routes are not judged. */
  readonly judgeExpectations?: JudgeExpectations | undefined;
  /** Without it module files are not looked into. */
  readonly inspectModule?: InspectModule | undefined;
  /** Names of the handlers that an embedding program has; none when left out. */
  readonly handlers?: ReadonlySet<string> | undefined;
  /** In place of the file system; throws as node:fs does. */
  readonly readFile?: ReadFile | undefined;
}

/** Reads a configuration file with all it includes. Never throws for what is in a file or missing. */
export function loadConfig(file: string, options: LoadOptions = {}): LoadResult {
  const reading = new Reading(options);
  const source = openText(resolve(file), file, reading.readFile);
  if (typeof source !== 'string') return reading.load(source, resolve(file));
  const message = `cannot be read: ${source}`;
  return { ok: false, problems: [{ file, line: 0, column: 0, message, path: '' }], files: [] };
}

/** As `loadConfig`, for a text at hand. `file`: its name in messages, and where relative names start from. */
export function parseConfig(text: string, file: string, options: LoadOptions = {}): LoadResult {
  const source = new TextSource(text, file, dirname(resolve(file)));
  return new Reading(options).load(source, resolve(file));
}

/**
 * As `loadConfig`, for an object of the file's shape that a program made. Problems have a path and no line. `directory`:
 * where relative file names start from; the working directory when left out.
 */
export function loadSettings(
  object: unknown,
  options: LoadOptions & { readonly directory?: string } = {},
): LoadResult {
  const directory = resolve(options.directory ?? '.');
  return new Reading(options).load(new ObjectSource(object, directory), '');
}

/** One load: remembers what it reads. */
class Reading {
  readonly readFile: ReadFile;
  readonly #files = new Set<string>();
  readonly #named: NamedFile[] = [];
  readonly #inspect: Omit<LoadOptions, 'readFile' | 'handlers'>;
  readonly #handlers: ReadonlySet<string>;

  constructor({ readFile, handlers = new Set(), ...inspect }: LoadOptions) {
    this.#handlers = handlers;
    const read = readFile ?? readFromDisk;
    this.readFile = (file, path, noteMark) => {
      if (path !== undefined && !isInclude(path))
        this.#named.push({ file, place: pathText(path.slice(0, -1)) });
      const content = read(file, path, noteMark);
      this.#files.add(file);
      return content;
    };
    this.#inspect = inspect;
  }

  load(root: Source, file: string): LoadResult {
    const { sources, problems: textProblems, isWhole } = gatherIncludes(root, file, this.readFile);
    const assembly = new Assembly(sources);
    const isReadable = textProblems.length === 0 && assembly.problems.length === 0;
    const whole = this.#judge(assembly.data, assembly, isReadable);
    const { judged, names, left } = this.#withoutIsolated(whole, assembly, isReadable);
    const bad = judged === whole ? [] : judged.complaints.filter(isAboutCase);
    const complaints = judged.complaints.length > 0 ? [...whole.complaints, ...bad] : [];
    const problems = [...textProblems, ...assembly.problems, ...assembly.problemsOf(complaints, isWhole)];
    const files = [...this.#files];
    const { settings } = judged;
    if (problems.length > 0 || settings === undefined) {
      return { ok: false, problems: inOrder(problems, sources), files };
    }
    const warnings = assembly
      .problemsOf([...left.map(asLeftOut), ...judged.warnings], isWhole)
      .map((problem) => ({ ...problem, severity: 'warning' as const }));
    return {
      ok: true,
      settings: deepFreeze(settings),
      files,
      named: this.#named,
      leftOut: names,
      warnings: inOrder(warnings, sources),
    };
  }

  /** Leaves out tenants as long as all that is wrong is in isolated ones: their cases are judged when all else is good. */
  #withoutIsolated(whole: Judgement, assembly: Assembly, isReadable: boolean): Isolated {
    const names: string[] = [];
    const left: Complaint[] = [];
    let judged = whole;
    for (let round = 0; round < MAX_ROUNDS && isReadable && judged.complaints.length > 0; round++) {
      const isolation = isolateTenants(judged.data, judged.complaints);
      if (isolation === undefined) break;
      names.push(...isolation.names);
      left.push(...judged.complaints);
      judged = this.#judge(isolation.data, assembly, true);
    }
    return { judged, names, left };
  }

  #judge(data: unknown, assembly: Assembly, isReadable: boolean): Judgement {
    const directoryOf = (path: Path) => assembly.directoryOf(path);
    const { inspectCertificates, inspectBackendTls, inspectTenantTls, inspectModule, judgeExpectations } =
      this.#inspect;
    const { file, complaints: shape } = readShape(data);
    const served = readCertificates(data, directoryOf, this.readFile, inspectCertificates);
    const acme = readAcme(data, directoryOf, this.readFile);
    const backend = readBackendTls(data, directoryOf, this.readFile, inspectBackendTls);
    const tenants = readTenantTls(data, directoryOf, this.readFile, inspectTenantTls);
    const own = readOwnModules(data, directoryOf, inspectModule);
    const tickets = readTicketKeys(data, directoryOf, this.readFile);
    const parts = [served, acme, backend, tenants, tickets, own];
    const complaints = [
      ...shape,
      ...checkTogether(data, this.#handlers),
      ...parts.flatMap((part) => part.complaints),
      ...checkAcmeHosts(data, served.certificates),
    ];
    const warnings = [served, backend, tenants].flatMap((part) => part.warnings);
    const judgement = { data, complaints, warnings: [...warnings, ...warnOfConditions(data)] };
    if (file === undefined || complaints.length > 0 || !isReadable)
      return { ...judgement, settings: undefined };
    const contents = {
      certificates: served.certificates,
      acme: resolveAcme(file, acme.ca, directoryOf),
      backendTls: backend.files,
      clientAuth: tenants.files,
      ticketKeys: tickets.keys,
      moduleFiles: own.files,
    };
    const settings = resolveSettings(file, contents, assembly.directoryOf(['log']));
    const failed = judgeExpectations === undefined ? [] : judgeCases(file, settings, judgeExpectations);
    return { ...judgement, settings, complaints: failed };
  }
}

/**
 * In the first, tenants are left out that cannot be read or lead nowhere; in the second, those whose cases fail; in the third, those
 * whose cases fail without these.
 */
const MAX_ROUNDS = 3;

interface Isolated {
  readonly judged: Judgement;
  /** Tenants that are left out, and what is wrong with them. */
  readonly names: readonly string[];
  readonly left: readonly Complaint[];
}

/** What is thought of one state of the data. */
interface Judgement {
  readonly data: unknown;
  /** Undefined where something is wrong that is not a case which has failed. */
  readonly settings: Settings | undefined;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
}

/** What is wrong with a tenant that is left out for it. */
function asLeftOut(complaint: Complaint): Complaint {
  return { ...complaint, message: `tenant ${String(complaint.path[1])} is left out: ${complaint.message}` };
}

/** What concerns several values at once; every check bears data of any shape. */
function checkTogether(data: unknown, handlers: ReadonlySet<string>): Complaint[] {
  return [
    ...checkListeners(data),
    ...checkLimits(data),
    ...checkHttp2(data),
    ...checkTenants(data, handlers),
    ...checkModules(data),
    ...checkVips(data),
    ...checkClusters(data),
  ];
}

function inOrder(problems: readonly Problem[], sources: readonly Source[]): Problem[] {
  const rank = new Map(sources.map(({ name }, i) => [name, i]));
  const rankOf = ({ file }: Problem) => rank.get(file) ?? 0;
  return problems.toSorted((a, b) => rankOf(a) - rankOf(b) || a.line - b.line || a.column - b.column);
}
