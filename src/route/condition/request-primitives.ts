import { isToken } from '../../../protocols/http/characters.ts';
import { readAddress } from './address-key.ts';
import type { CallArguments } from './call-arguments.ts';
import { type ConditionSubject, PROTOCOLS } from './condition-subject.ts';
import { foldCase } from './octet-text.ts';
import { type BuiltPrimitive, FOLD_CASE, type Primitive, textParameter } from './primitive.ts';
import { matchIn, matchPrefix, matchSuffix } from './text-match.ts';
import {
  equalKeys,
  lookAt,
  readFieldName,
  readPattern,
  seen,
  type TextSource,
  textPrimitives,
} from './text-primitives.ts';

const METHOD: TextSource = { name: 'method', read: (subject) => subject.method };
const HOST: TextSource = { name: 'host', read: (subject) => subject.host };
/** Backwards, so that the ends of hosts are prefixes to an index. */
const REVERSED_HOST: TextSource = { name: 'reversed host', read: (subject) => reversed(subject.host) };
const PATH: TextSource = { name: 'path', read: (subject) => subject.path };
/** `/a` and `/a/` are the same place to a prefix of whole segments. */
const FOLDER: TextSource = { name: 'folder', read: (subject) => withSlash(subject.path) };

const PROTOCOL: NonNullable<BuiltPrimitive['sees']> = ({ protocol }) => [protocol];
const QUERY_NAMES: NonNullable<BuiltPrimitive['sees']> = ({ query }) => [...query.keys()];

/** What a client asks for, and with which headers. */
export const REQUEST_PRIMITIVES: readonly (readonly [string, Primitive])[] = [
  ['default_t', { parameters: [], build: () => ({ test: () => true }) }],
  ['req_method_in', { parameters: [textParameter('methods')], build: buildMethodIn }],
  ['req_proto_match', { parameters: [textParameter('protocol')], build: buildProtocol }],
  [
    'req_proto_secure',
    { parameters: [], build: () => ({ test: (subject) => subject.isSecure, sees: PROTOCOL }) },
  ],
  ['req_host_in', { parameters: [textParameter('hosts')], build: buildHostIn }],
  ['req_host_suffix_in', { parameters: [textParameter('suffixes')], build: buildHostSuffix }],
  ['req_host_regmatch', patternPrimitive(HOST)],
  ['req_host_tag_in', { parameters: [textParameter('tags')], fact: 'host-tag', build: buildHostTag }],
  ['req_port_in', { parameters: [textParameter('ports')], build: buildPortIn }],
  ...textPrimitives({
    name: 'req_path',
    ways: ['in', 'prefix_in', 'suffix_in', 'contain'],
    source: () => PATH,
    check: checkPath,
  }).map(withFolderKeys),
  ['req_path_element_prefix_in', { parameters: [textParameter('prefixes'), FOLD_CASE], build: buildFolder }],
  ['req_path_regmatch', patternPrimitive(PATH)],
  ['req_url_regmatch', patternPrimitive({ name: 'url', read: (subject) => subject.url })],
  [
    'req_query_exist',
    { parameters: [], build: () => ({ test: (subject) => subject.query.size > 0, sees: QUERY_NAMES }) },
  ],
  ['req_query_key_in', { parameters: [textParameter('names')], build: buildQueryKeyIn }],
  ['req_query_key_prefix_in', { parameters: [textParameter('prefixes')], build: buildQueryKeyPrefix }],
  ...textPrimitives({
    name: 'req_query_value',
    key: textParameter('name'),
    ways: ['in', 'prefix_in', 'suffix_in', 'contain', 'hash_in', 'regmatch'],
    source: (args) => {
      const name = args.octets(0);
      // As in BFE, a parameter that is not there has an empty value, and so has a header.
      return { name: `query ${name}`, read: (subject) => subject.query.get(name) ?? '' };
    },
  }),
  ['req_cookie_key_in', { parameters: [textParameter('names')], build: buildCookieKeyIn }],
  ...textPrimitives({
    name: 'req_cookie_value',
    key: textParameter('name'),
    ways: ['in', 'prefix_in', 'suffix_in', 'contain', 'hash_in'],
    source: (args) => {
      const name = args.octets(0);
      if (!isToken(name, 0, name.length)) {
        throw args.refuse(0, `${JSON.stringify(name)} is not the name of a cookie`);
      }
      return { name: `cookie ${name}`, read: (subject) => subject.cookies.get(name) };
    },
  }),
  ['req_header_key_in', { parameters: [textParameter('names')], build: buildHeaderKeyIn }],
  ...textPrimitives({
    name: 'req_header_value',
    key: textParameter('name'),
    ways: ['in', 'prefix_in', 'suffix_in', 'contain', 'hash_in', 'regmatch'],
    source: (args) => {
      const name = readFieldName(args.text(0), args, 0);
      return { name: `header ${name}`, read: (subject) => subject.header(name) ?? '' };
    },
  }),
  [
    'req_ua_regmatch',
    patternPrimitive({ name: 'header user-agent', read: (subject) => subject.header('user-agent') ?? '' }),
  ],
];

function patternPrimitive({ read }: TextSource): Primitive {
  return {
    parameters: [textParameter('pattern')],
    build: (args) => lookAt(read, readPattern(args, 0)),
  };
}

function buildMethodIn(args: CallArguments): ReturnType<Primitive['build']> {
  const methods = args.list(0);
  for (const method of methods) {
    if (!isToken(method, 0, method.length)) throw args.refuse(0, `${JSON.stringify(method)} is not a method`);
  }
  return {
    ...lookAt(METHOD.read, matchIn(methods, true)),
    keys: equalKeys(METHOD, methods.map(foldCase)),
  };
}

function buildProtocol(args: CallArguments): ReturnType<Primitive['build']> {
  const written = args.text(0);
  const protocol = PROTOCOLS.find((name) => name.toLowerCase() === written.toLowerCase());
  if (protocol === undefined) {
    const hint = `HTTP/1.0, HTTP/1.1 and h2c without TLS, https (HTTP/1) and h2 with it`;
    throw args.refuse(0, `${JSON.stringify(written)} is not a protocol that requests come by`, hint);
  }
  return { test: (subject) => subject.protocol === protocol, sees: PROTOCOL };
}

function buildHostIn(args: CallArguments): ReturnType<Primitive['build']> {
  const hosts = args.fullList(0).map((host) => readHost(host, args));
  return { ...lookAt(HOST.read, matchIn(hosts, false)), keys: equalKeys(HOST, hosts) };
}

function readHost(written: string, args: CallArguments): string {
  const isBracketed = written.startsWith('[') && written.endsWith(']');
  const host = foldCase(isBracketed ? written.slice(1, -1) : written);
  if (host.includes('*')) {
    throw args.refuse(
      0,
      `${JSON.stringify(written)} has a wildcard`,
      'write req_host_suffix_in(".example.org")',
    );
  }
  if (host.includes(':') && readAddress(host) === undefined) {
    throw args.refuse(0, `${JSON.stringify(written)} has a port`, 'ask for the port: req_port_in("8443")');
  }
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function buildHostSuffix(args: CallArguments): ReturnType<Primitive['build']> {
  const suffixes = args.fullList(0).map(foldCase);
  const { name, read } = REVERSED_HOST;
  return {
    ...lookAt(HOST.read, matchSuffix(suffixes, false)),
    keys: suffixes.map((suffix) => ({ source: name, read, match: 'prefix', value: reversed(suffix) })),
  };
}

function buildHostTag(args: CallArguments): ReturnType<Primitive['build']> {
  return lookAt((subject) => subject.hostTag, matchIn(args.fullList(0), true));
}

function buildPortIn(args: CallArguments): ReturnType<Primitive['build']> {
  const ports = new Set(
    args.list(0).map((text) => {
      const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
      if (port >= 1 && port <= 65_535) return port;
      throw args.refuse(0, `${JSON.stringify(text)} is not a port`, 'ports are numbers from 1 to 65535');
    }),
  );
  return { test: (subject) => ports.has(subject.port), sees: (subject) => [String(subject.port)] };
}

function checkPath(item: string, args: CallArguments, i: number): void {
  if (item.startsWith('/')) return;
  const hint = `begin with a slash: /${item.slice(0, 40)}`;
  throw args.refuse(i, `no path is ${JSON.stringify(item)}`, hint);
}

/** Prefixes of the path and of whole segments go into one index: what begins with a prefix does so with a slash at its end too. */
function withFolderKeys([name, primitive]: [string, Primitive]): [string, Primitive] {
  const build: Primitive['build'] = (args) => {
    const built = primitive.build(args);
    const { keys } = built;
    if (keys === undefined || keys[0]?.match === 'equal') return built;
    return { ...built, keys: keys.map((key) => ({ ...key, source: FOLDER.name, read: FOLDER.read })) };
  };
  return [name, { ...primitive, build }];
}

function buildFolder(args: CallArguments): ReturnType<Primitive['build']> {
  const prefixes = args.fullList(0);
  for (const prefix of prefixes) checkPath(prefix, args, 0);
  const folders = prefixes.map(withSlash);
  const { name, read } = FOLDER;
  return {
    ...lookAt(read, matchPrefix(folders, args.flag(1))),
    sees: seen(PATH.read),
    keys: folders.map((folder) => ({ source: name, read, match: 'prefix', value: foldCase(folder) })),
  };
}

function buildQueryKeyIn(args: CallArguments): ReturnType<Primitive['build']> {
  const names = args.fullList(0);
  return { test: (subject) => hasSome(subject.query, names), sees: QUERY_NAMES };
}

function buildQueryKeyPrefix(args: CallArguments): ReturnType<Primitive['build']> {
  const matches = matchPrefix(args.fullList(0), false);
  return {
    test: ({ query }: ConditionSubject) => {
      for (const name of query.keys()) if (matches(name)) return true;
      return false;
    },
    sees: QUERY_NAMES,
  };
}

function buildCookieKeyIn(args: CallArguments): ReturnType<Primitive['build']> {
  const names = args.fullList(0);
  return { test: (subject) => hasSome(subject.cookies, names), sees: ({ cookies }) => [...cookies.keys()] };
}

function buildHeaderKeyIn(args: CallArguments): ReturnType<Primitive['build']> {
  const names = args.fullList(0).map((name) => readFieldName(name, args, 0));
  return {
    test: (subject) => {
      for (const name of names) if ((subject.header(name) ?? '') !== '') return true;
      return false;
    },
    sees: (subject) => names.filter((name) => (subject.header(name) ?? '') !== ''),
  };
}

function hasSome(map: ReadonlyMap<string, string>, names: readonly string[]): boolean {
  for (const name of names) if (map.has(name)) return true;
  return false;
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function reversed(text: string): string {
  let result = '';
  for (let i = text.length - 1; i >= 0; i--) result += text[i];
  return result;
}
