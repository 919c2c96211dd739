import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RespondingExchange } from '../../../src/core/callback-points.ts';
import { MAX_VARIABLES, parseTemplate, Template, type TemplateUse } from '../../../src/template/template.ts';
import { TemplateFault } from '../../../src/template/template-fault.ts';
import { VARIABLES } from '../../../src/template/variables.ts';
import { finishedExchange, requestFacts, session } from '../../support/finished-exchange.ts';

const HEAD = {
  authority: 'Shop.Example.org:8443',
  path: '/a%2Fb?x=1&y=%0d%0a&x=2',
  headers: ['cookie', 'c=1; d="2"', 'x-twice', 'a', 'cookie', 'e=3', 'x-twice', 'b'],
};

for (const [text, expected] of [
  ['', ''],
  ['plain', 'plain'],
  ['100% %2F %%', '100% %2F %%'],
  ['%%{path}', '%{path}'],
  ['a%{method}b%{path}c', 'aGETb/a%2Fbc'],
  ['%{host}|%{port}', 'shop.example.org|8443'],
  ['%{uri}', '/a%2Fb?x=1&y=%0d%0a&x=2'],
  ['%{query}', 'x=1&y=%0d%0a&x=2'],
  ['%{query:x}%{query:y}%{query:z}', '1%0d%0a'],
  ['%{header:X-Twice}', 'a, b'],
  ['%{header:x-none}', ''],
  ['%{cookie:d}%{cookie:e}%{cookie:f}', '"2"3'],
  ['%{tag:kind}%{tag:other}', 'robot'],
  ['%{client_ip}:%{client_port}', '192.0.2.7:51234'],
  ['%{peer_ip} %{server_ip}:%{server_port}', '127.0.0.1 127.0.0.1:8443'],
  ['%{scheme} %{protocol} %{session_id}', 'https http/1.1 7'],
  ['%{server_name} %{tls_version} %{tls_resumed}', 'shop.example.org TLSv1.3 false'],
  ['%{tls_cipher}', 'TLS_AES_128_GCM_SHA256'],
  ['%{tenant}%{route}', 'shop/api/*'],
] as const) {
  test(`${JSON.stringify(text)} of a request is ${JSON.stringify(expected)}`, () => {
    const facts = { clientAddress: '192.0.2.7', tags: ['kind', 'robot'], session: session({}, {}) };

    assert.equal(good(text, 'request').text(requestFacts(HEAD, facts)), expected);
  });
}

test('a response tells where it comes from', () => {
  const exchange: RespondingExchange = {
    ...finishedExchange({ instance: { address: { text: '127.0.0.1:9001' }, subCluster: 'east' } }),
    facts: requestFacts(),
  };
  const template = good(
    '%{request_id} %{cluster} %{sub_cluster} %{instance} %{attempts} %{method}',
    'response',
  );

  assert.equal(template.text(exchange.facts, exchange), '5f0c2a7e9b1d4c38 web east 127.0.0.1:9001 1 GET');
});

test('without a tenant, TLS, Host or instance there is nothing to tell', () => {
  const facts = requestFacts({ authority: '' }, { tenant: undefined, routeText: '' });
  const text = '%{tenant}%{route}%{host}%{server_name}%{tls_version}%{tls_cipher}%{tls_resumed}';
  const exchange: RespondingExchange = {
    ...finishedExchange({ instance: undefined, cluster: undefined }),
    facts,
  };

  assert.equal(good(text, 'request').text(facts), '');
  assert.equal(good('%{cluster}%{sub_cluster}%{instance}', 'response').text(facts, exchange), '');
});

for (const [text, message, offset] of [
  ['a%{path', 'the variable has no end', 1],
  ['a%{paht}', 'there is no variable "paht"', 1],
  ['%{path}%{}', 'there is no variable ""', 7],
  ['%{path:x}', '%{path} takes nothing behind a colon', 0],
  ['%{header}', '%{header} needs a name', 0],
  ['%{cookie:}', '%{cookie} needs a name', 0],
  ['%{query:}', '%{query} needs a name', 0],
  ['%{header:a b}', '"a b" cannot be a name', 0],
  ['%{instance}', '%{instance} is known in responses only', 0],
  ['%{path}'.repeat(MAX_VARIABLES + 1), `there are more than ${MAX_VARIABLES} variables`, 112],
] as const) {
  test(`${JSON.stringify(text.slice(0, 30))} is refused: ${message}`, () => {
    const fault = parseTemplate(text, 'request');

    assert.ok(fault instanceof TemplateFault);
    assert.deepEqual([fault.message, fault.offset], [message, offset]);
  });
}

test('whatever a text is, it is a template or has a fault, and without %{ it stands for itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('%', '{', '}', ':', 'path', 'header', 'a', ' '), { maxLength: 12 }),
      (parts) => {
        const text = parts.join('');
        const template = parseTemplate(text, 'request');
        if (template instanceof TemplateFault) assert.ok(text.includes('%{'));
        else if (!text.includes('%{')) assert.equal(template.text(), text);
      },
    ),
  );
});

test('what parsed heads can hold, values can hold: nothing made of it can end a line', () => {
  const text = [...VARIABLES]
    .filter(([, { ofRequest }]) => ofRequest !== undefined)
    .map(([name, { argument }]) => (argument === undefined ? `%{${name}}` : `%{${name}:x}`));
  const octets = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  });
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(octets, visible, (value, path) => {
      const facts = requestFacts({
        path: `/${path}?x=${path}`,
        headers: ['x', value, 'cookie', `x=${value}`],
      });
      for (const variable of text) assert.doesNotMatch(good(variable, 'request').text(facts), /[\r\n\0]/);
    }),
  );
});

test('docs/modules.md has every variable, and no other', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../docs/modules.md'), 'utf8');
  const [, section = ''] = document.split('## Variables');
  const cells = [...section.split('\n## ')[0]!.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell!);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)(?::NAME)?`/g)].map(([, name]) => name!));

  assert.deepEqual(named.toSorted(), [...VARIABLES.keys()].toSorted());
});

function good(text: string, use: TemplateUse): Template {
  const template = parseTemplate(text, use);
  assert.ok(template instanceof Template, String(template));
  return template;
}
