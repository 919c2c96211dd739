import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition, PRIMITIVES } from '../../../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../../../src/route/condition/condition-fault.ts';
import type { LateFact } from '../../../../src/route/condition/condition-subject.ts';
import type { ConditionTrace } from '../../../../src/route/condition/condition-trace.ts';
import { EVERY_FACT, holds, type SubjectFacts, subjectOf } from '../../../support/condition-subject.ts';

/** The condition, then requests for which it holds and for which it does not. */
const CASES: readonly (readonly [
  condition: string,
  yes: readonly SubjectFacts[],
  no: readonly SubjectFacts[],
])[] = [
  ['default_t()', [{}], []],

  [
    'req_method_in("GET|head")',
    [{ method: 'GET' }, { method: 'HEAD' }, { method: 'get' }],
    [{ method: 'POST' }],
  ],
  [
    'req_proto_match("http/1.1")',
    [{ protocol: 'HTTP/1.1' }],
    [{ protocol: 'HTTP/1.0' }, { protocol: 'https' }],
  ],
  ['req_proto_match("h2")', [{ protocol: 'h2' }], [{ protocol: 'h2c' }]],
  ['req_proto_secure()', [{ isSecure: true }], [{ isSecure: false }]],

  [
    'req_host_in("Example.org|a.b.")',
    [{ host: 'example.org' }, { host: 'a.b' }],
    [{ host: 'x.example.org' }, { host: '' }],
  ],
  ['req_host_in("[::1]|2001:db8::1")', [{ host: '::1' }, { host: '2001:db8::1' }], [{ host: '::2' }]],
  [
    'req_host_suffix_in(".Example.org|b")',
    [{ host: 'a.example.org' }, { host: 'ab' }],
    [{ host: 'example.org' }],
  ],
  [
    'req_host_regmatch(`^[a-z]+\\.example\\.org$`)',
    [{ host: 'a.example.org' }],
    [{ host: 'a1.example.org' }],
  ],
  ['req_host_tag_in("blog|Shop")', [{ hostTag: 'shop' }], [{ hostTag: 'x' }, {}]],
  ['req_port_in("80|8443")', [{ port: 80 }, { port: 8443 }], [{ port: 443 }]],

  ['req_path_in("/a|/B", false)', [{ path: '/a' }, { path: '/B' }], [{ path: '/A' }, { path: '/a/' }]],
  ['req_path_in("/a|/B", true)', [{ path: '/A' }, { path: '/b' }], [{ path: '/c' }]],
  ['req_path_in("/é", true)', [{ path: '/\xc3\xa9' }], [{ path: '/\xc3\x89' }, { path: '/\xe9' }]],
  [
    'req_path_prefix_in("/a|/b/", false)',
    [{ path: '/ab' }, { path: '/b/' }],
    [{ path: '/b' }, { path: '/A' }],
  ],
  ['req_path_prefix_in("/Ab", true)', [{ path: '/aBc' }], [{ path: '/a' }]],
  ['req_path_suffix_in(".jpg|.PNG", true)', [{ path: '/x.JPG' }, { path: '/x.png' }], [{ path: '/x.jpg/' }]],
  ['req_path_contain("ab|cd", false)', [{ path: '/xcdy' }], [{ path: '/xCdy' }]],
  [
    'req_path_element_prefix_in("/a|/b/", false)',
    [{ path: '/a' }, { path: '/a/' }, { path: '/a/x' }, { path: '/b' }, { path: '/b/x' }],
    [{ path: '/ab' }, { path: '/' }, { path: '/A' }],
  ],
  ['req_path_element_prefix_in("/A", true)', [{ path: '/a/x' }], [{ path: '/ab' }]],
  ['req_path_regmatch("\\.(jpg|png)$")', [{ path: '/a.png' }], [{ path: '/a.png/' }, { path: '/a.PNG' }]],
  ['req_path_regmatch(`(?i)É`)', [{ path: '/\xc3\xa9' }], [{ path: '/e' }]],
  ['req_url_regmatch(`^/a\\?b=%20$`)', [{ url: '/a?b=%20' }], [{ url: '/a?b=+' }]],

  ['req_query_exist()', [{ url: '/?a' }, { url: '/?=' }], [{ url: '/' }, { url: '/?' }, { url: '/?&' }]],
  ['req_query_key_in("a|b")', [{ url: '/?b' }, { url: '/?x=1&a=2' }], [{ url: '/?A=1' }, { url: '/' }]],
  [
    'req_query_key_prefix_in("ut|x")',
    [{ url: '/?utm=1' }, { url: '/?x' }],
    [{ url: '/?but=1' }, { url: '/' }],
  ],
  [
    'req_query_value_in("a", "1|X", true)',
    [{ url: '/?a=x' }, { url: '/?a=1&a=2' }],
    [{ url: '/?a=2&a=1' }, { url: '/' }],
  ],
  ['req_query_value_in("a", "", false)', [{ url: '/?a=' }, { url: '/' }], [{ url: '/?a=1' }]],
  ['req_query_value_prefix_in("a", "ab", false)', [{ url: '/?a=abc' }], [{ url: '/?a=Abc' }, { url: '/' }]],
  ['req_query_value_suffix_in("a", "bc", true)', [{ url: '/?a=aBC' }], [{ url: '/?a=bcd' }]],
  ['req_query_value_contain("a", "b c", false)', [{ url: '/?a=ab+cd' }], [{ url: '/?a=abcd' }]],
  ['req_query_value_regmatch("a", `^\\d+$`)', [{ url: '/?a=12' }], [{ url: '/?a=1x' }, { url: '/' }]],
  [
    'req_query_value_hash_in("a", "4073", false)',
    [{ url: '/?a=test-uid-0002' }],
    [{ url: '/?a=test-uid-0003' }],
  ],

  ['req_cookie_key_in("a|b")', [{ headers: { cookie: 'b=' } }], [{ headers: { cookie: 'c=1' } }, {}]],
  [
    'req_cookie_value_in("a", "1|x", true)',
    [{ headers: { cookie: 'b=2; a=X' } }],
    [{ headers: { cookie: 'a=2' } }, {}],
  ],
  ['req_cookie_value_in("a", "", false)', [{ headers: { cookie: 'a=' } }], [{}]],
  [
    'req_cookie_value_prefix_in("a", "ab", false)',
    [{ headers: { cookie: 'a=abc' } }],
    [{ headers: { cookie: 'a=ba' } }],
  ],
  [
    'req_cookie_value_suffix_in("a", "BC", true)',
    [{ headers: { cookie: 'a=abc' } }],
    [{ headers: { cookie: 'a=ba' } }],
  ],
  [
    'req_cookie_value_contain("a", "b", false)',
    [{ headers: { cookie: 'a=abc' } }],
    [{ headers: { cookie: 'a=aBc' } }],
  ],
  ['req_cookie_value_hash_in("u", "5968", true)', [{ headers: { cookie: 'u=TEST-uid-0001' } }], [{}]],
  ['req_cookie_value_hash_in("u", "0-9999", false)', [{ headers: { cookie: 'u=' } }], [{}]],

  ['req_header_key_in("X-Beta|x-b")', [{ headers: { 'x-b': '1' } }], [{ headers: { 'x-beta': '' } }, {}]],
  [
    'req_header_value_in("X-Beta", "1|Yes", true)',
    [{ headers: { 'x-beta': 'YES' } }],
    [{ headers: { 'x-beta': '2' } }, {}],
  ],
  [
    'req_header_value_in("x-beta", "1|Yes", false)',
    [{ headers: { 'x-beta': 'Yes' } }],
    [{ headers: { 'x-beta': 'yes' } }],
  ],
  [
    'req_header_value_in("x-beta", "|1", false)',
    [{}, { headers: { 'x-beta': '1' } }],
    [{ headers: { 'x-beta': '2' } }],
  ],
  [
    'req_header_value_in("x-name", "é", false)',
    [{ headers: { 'x-name': '\xc3\xa9' } }],
    [{ headers: { 'x-name': '\xe9' } }],
  ],
  [
    'req_header_value_prefix_in("x", "a|b", false)',
    [{ headers: { x: 'bc' } }],
    [{ headers: { x: 'cb' } }, {}],
  ],
  ['req_header_value_suffix_in("x", "a|b", false)', [{ headers: { x: 'cb' } }], [{ headers: { x: 'bc' } }]],
  ['req_header_value_contain("x", "A", true)', [{ headers: { x: 'cab' } }], [{ headers: { x: 'cb' } }]],
  ['req_header_value_regmatch("x", "^$")', [{}, { headers: { x: '' } }], [{ headers: { x: 'a' } }]],
  [
    'req_header_value_hash_in("x-uid", "4073|5000-9999", true)',
    [
      { headers: { 'x-uid': 'TEST-uid-0001' } },
      { headers: { 'x-uid': 'test-uid-0002' } },
      { headers: { 'x-uid': 'test-uid-0004' } },
    ],
    [{ headers: { 'x-uid': 'test-uid-0003' } }, {}],
  ],
  ['req_header_value_hash_in("x-uid", "0", true)', [{}], [{ headers: { 'x-uid': 'test-uid-0003' } }]],
  [
    'req_ua_regmatch("(?i)iphone|android")',
    [{ headers: { 'user-agent': 'x (iPhone)' } }],
    [{ headers: { 'user-agent': 'x' } }, {}],
  ],

  ['req_cip_trusted()', [{ isFromTrusted: true }], [{ isFromTrusted: false }]],
  [
    'req_cip_range("10.0.0.0", "10.0.0.255")',
    [{ client: '10.0.0.0' }, { client: '10.0.0.255' }, { client: '::ffff:10.0.0.7' }],
    [{ client: '10.0.1.0' }, { client: '9.255.255.255' }, { client: '::a00:1' }, {}],
  ],
  [
    'req_cip_range("2001:db8::", "2001:DB8::ffff")',
    [{ client: '2001:db8::1' }],
    [{ client: '2001:db8::1:0' }, { client: '1.2.3.4' }],
  ],
  ['req_cip_hash_in("0-9999")', [{ client: '10.0.0.1' }], [{}]],
  ['req_vip_in("10.0.0.1|::1")', [{ vip: '10.0.0.1' }, { vip: '0:0::1' }], [{ vip: '10.0.0.2' }, {}]],
  ['req_vip_range("10.0.0.1", "10.0.0.2")', [{ vip: '10.0.0.2' }], [{ vip: '10.0.0.3' }, {}]],
  [
    'ses_vip_range("10.0.0.1", "10.0.0.2")',
    [{ vip: '10.0.0.1' }],
    [{ vip: '10.0.0.0', client: '10.0.0.1', peer: '10.0.0.1' }],
  ],
  [
    'ses_sip_range("10.0.0.1", "10.0.0.2")',
    [{ peer: '10.0.0.1' }],
    [{ client: '10.0.0.1', vip: '10.0.0.1' }],
  ],
  ['ses_tls_sni_in("A.example.org|b")', [{ serverName: 'a.example.org' }], [{ serverName: 'c' }, {}]],
  ['ses_tls_client_auth()', [{ clientAuthority: '' }, { clientAuthority: 'x' }], [{}]],
  [
    'ses_tls_client_ca_in("one|two")',
    [{ clientAuthority: 'two' }],
    [{ clientAuthority: 'Two' }, { clientAuthority: '' }, {}],
  ],

  [
    'bfe_time_range("20260101000000Z", "20260102000000Z")',
    [{ now: Date.UTC(2026, 0, 1) }, { now: Date.UTC(2026, 0, 2) }],
    [{ now: Date.UTC(2026, 0, 1) - 1 }, { now: Date.UTC(2026, 0, 2) + 1 }],
  ],
  [
    'bfe_periodic_time_range("090000H", "175959H", "")',
    [{ now: Date.UTC(2026, 0, 1, 1) }, { now: Date.UTC(2026, 6, 9, 9, 59, 59, 999) }],
    [{ now: Date.UTC(2026, 0, 1, 0, 59, 59, 999) }, { now: Date.UTC(2026, 0, 1, 10) }],
  ],
  [
    'bfe_periodic_time_range("230000R", "235959R", "")',
    [{ now: Date.UTC(1969, 0, 2, 4, 30) }],
    [{ now: Date.UTC(1969, 0, 2, 5) }],
  ],

  [
    'req_tag_match("client", "bad")',
    [{ tags: { client: ['x', 'bad:9'] } }, { tags: { client: ['bad'] } }],
    [{ tags: { client: ['badly', 'x:bad'] } }, {}],
  ],
  ['req_context_value_in("k", "a|B", true)', [{ context: { k: 'b' } }], [{ context: { k: 'c' } }, {}]],
  ['req_context_value_in("k", "", true)', [{ context: { k: '' } }], [{}]],
  ['req_body_json_in("model", "a|B", true)', [{ body: { model: 'b' } }], [{ body: { model: 'c' } }, {}]],
  ['req_body_json_in("model", "", true)', [{ body: { model: '' } }], [{ body: { x: '' } }, {}]],
  [
    'req_body_json_prefix_in("model", "gpt", false)',
    [{ body: { model: 'gpt-x' } }],
    [{ body: { model: 'x' } }, {}],
  ],

  ['res_code_in("502|503")', [{ status: 503 }], [{ status: 200 }, {}]],
  [
    'res_header_key_in("X-A|x-b")',
    [{ status: 200, responseHeaders: { 'x-b': '1' } }],
    [{ status: 200, responseHeaders: { 'x-b': '' } }, {}],
  ],
  [
    'res_header_value_in("X-A", "a|B", true)',
    [{ status: 200, responseHeaders: { 'x-a': 'b' } }],
    [{ status: 200 }, {}],
  ],
  ['res_header_value_in("X-A", "", true)', [{ status: 200 }], [{}]],
];

for (const [condition, yes, no] of CASES) {
  test(condition, () => {
    for (const facts of yes) assert.ok(holds(condition, facts), JSON.stringify(facts));
    for (const facts of no) assert.ok(!holds(condition, facts), JSON.stringify(facts));
    // What makes a condition false, makes its opposite true.
    for (const facts of no) assert.ok(holds(`!${condition}`, facts), JSON.stringify(facts));
  });
}

test('every primitive has a case', () => {
  const names = new Set(CASES.map(([condition]) => /^\w+/.exec(condition)?.[0]));

  assert.deepEqual([...PRIMITIVES.keys()].toSorted(), [...names].toSorted());
  assert.equal(PRIMITIVES.size, 58);
});

/** The condition, a request, and what it shows of it. */
const SEEN: readonly (readonly [
  condition: string,
  facts: SubjectFacts,
  saw: readonly string[] | null,
  bucket?: number,
])[] = [
  ['default_t()', {}, null],
  ['req_method_in("PUT")', { method: 'get' }, ['get']],
  ['req_proto_secure()', { protocol: 'h2' }, ['h2']],
  ['req_host_suffix_in(".x")', { host: 'a.example' }, ['a.example']],
  ['req_port_in("80")', { port: 8443 }, ['8443']],
  ['req_path_element_prefix_in("/a", false)', { path: '/ab' }, ['/ab']],
  ['req_path_prefix_in("/a", false)', { path: '/b' }, ['/b']],
  ['req_query_key_in("a")', { url: '/?b=1&c' }, ['b', 'c']],
  ['req_query_value_in("a", "1", false)', { url: '/' }, ['']],
  ['req_cookie_key_in("a")', { headers: { cookie: 'b=1; c=2' } }, ['b', 'c']],
  ['req_cookie_value_in("a", "1", false)', {}, []],
  ['req_cookie_value_in("a", "1", false)', { headers: { cookie: 'a=' } }, ['']],
  ['req_header_key_in("x-a|x-b")', { headers: { 'x-b': '1', 'x-c': '1' } }, ['x-b']],
  ['req_header_value_regmatch("x-a", `^b`)', { headers: { 'x-a': 'abc' } }, ['abc']],
  ['req_header_value_hash_in("x-a", "0", false)', { headers: { 'x-a': 'alice' } }, ['alice'], 6986],
  ['req_header_value_hash_in("x-a", "0", true)', { headers: { 'x-a': 'ALICE' } }, ['ALICE'], 6986],
  ['req_cookie_value_hash_in("a", "0", false)', {}, []],
  ['req_cip_trusted()', { peer: '10.0.0.1', isFromTrusted: true }, ['10.0.0.1']],
  ['req_cip_range("10.0.0.0", "10.0.0.9")', { client: '2001:0db8::1' }, ['2001:db8::1']],
  ['req_cip_hash_in("0")', { client: '::ffff:192.0.2.1' }, ['192.0.2.1'], 1461],
  ['ses_vip_range("10.0.0.0", "10.0.0.9")', {}, []],
  ['ses_tls_client_auth()', { clientAuthority: 'CA' }, ['CA']],
  ['bfe_time_range("20260101000000Z", "20260102000000Z")', { now: 0 }, ['1970-01-01T00:00:00.000Z']],
  ['req_tag_match("a", "b")', { tags: { a: ['c', 'd'] } }, ['c', 'd']],
  ['res_code_in("200")', { status: 502 }, ['502']],
  ['res_code_in("200")', {}, []],
  ['res_header_value_in("x-a", "1", false)', { status: 200 }, ['']],
];

for (const [condition, facts, saw, bucket] of SEEN) {
  test(`${condition} shows ${JSON.stringify(saw)}`, () => {
    const trace = traceOf(condition, facts);

    assert.ok(trace.kind === 'primitive');
    assert.deepEqual([trace.saw, trace.bucket], [saw, bucket]);
    if (bucket !== undefined) assert.ok(holds(condition.replace('"0"', `"${bucket}"`), facts));
  });
}

test('every primitive that holds shows what it has looked at', () => {
  for (const [condition, [facts]] of CASES) {
    const trace = traceOf(condition, { peer: '192.0.2.1', ...facts });
    assert.ok(trace.kind === 'primitive' && trace.said === true);
    assert.ok(condition === 'default_t()' || trace.saw!.length > 0, condition);
  }
});

function traceOf(text: string, facts: SubjectFacts): ConditionTrace {
  const condition = compileCondition(text, { known: EVERY_FACT });
  assert.ok(!(condition instanceof ConditionFault), String(condition));
  return condition.trace(subjectOf(facts));
}

test('the same address has one bucket in every spelling', () => {
  const bucket = Array.from({ length: 10_000 }, (_, i) => i).find((i) =>
    holds(`req_cip_hash_in("${i}")`, { client: '2001:db8::1' }),
  );
  assert.ok(holds(`req_cip_hash_in("${bucket}")`, { client: '2001:0DB8:0:0:0:0:0:1' }));
});

const FAULTS: readonly (readonly [condition: string, message: RegExp, at: string, hint?: RegExp])[] = [
  ['req_metod_in("GET")', /there is no condition "req_metod_in"/, 'req_metod_in'],
  ['req_body_json_in("a..b", "1", true)', /has an empty name in it/, '"a..b"', /user\.roles\.0/],
  ['req_body_json_in("", "1", true)', /has an empty name in it/, '""'],
  [
    `req_body_json_in("${'a.'.repeat(32)}a", "1", true)`,
    /has 33 names, and 32 are allowed/,
    `"${'a.'.repeat(32)}a"`,
  ],
  ['__proto__()', /there is no condition/, '__proto__'],
  ['default_t("x")', /default_t takes no arguments, but found 1/, 'default_t("x")'],
  ['req_method_in()', /takes one argument, but found 0/, 'req_method_in()', /req_method_in\(methods\)/],
  [
    'req_path_in("/a")',
    /takes 2 arguments, but found 1/,
    'req_path_in("/a")',
    /req_path_in\(values, fold_case\)/,
  ],
  ['req_path_in("/a", "true")', /takes true or false for fold_case, but found a text/, '"true"'],
  ['req_path_in(true, true)', /takes a text in quotes for values, but found true/, 'true'],
  ['req_port_in(80)', /takes a text in quotes for ports, but found 80/, '80'],
  ['req_method_in("GE T")', /"GE T" is not a method/, '"GE T"'],
  ['req_method_in("GET|")', /"" is not a method/, '"GET|"'],
  ['req_proto_match("spdy/3.1")', /not a protocol that requests come by/, '"spdy/3.1"', /h2c/],
  ['req_host_in("a.example.org:80")', /has a port/, '"a.example.org:80"', /req_port_in/],
  ['req_host_in("*.example.org")', /has a wildcard/, '"*.example.org"', /req_host_suffix_in/],
  ['req_host_in("a||b")', /an item of the list is empty/, '"a||b"'],
  ['req_host_suffix_in("")', /an item of the list is empty/, '""'],
  ['req_host_regmatch("(")', /missing closing \)/, '"("', /RE2/],
  ['req_path_regmatch(`(?=a)`)', /unsupported Perl syntax/, '`(?=a)`', /look-around/],
  ['req_path_regmatch(`(.)\\1`)', /invalid escape sequence/, '`(.)\\1`', /back references/],
  [
    'req_path_regmatch(`([a-z]{1,30}x){1,30}`)',
    /instructions, and 500 are allowed/,
    '`([a-z]{1,30}x){1,30}`',
  ],
  ['req_port_in("http")', /"http" is not a port/, '"http"'],
  ['req_port_in("0")', /"0" is not a port/, '"0"'],
  ['req_port_in("65536")', /"65536" is not a port/, '"65536"'],
  ['req_path_in("a", false)', /no path is "a"/, '"a"', /\/a/],
  ['req_path_prefix_in("/a|b", false)', /no path is "b"/, '"/a|b"'],
  ['req_path_prefix_in("/a|", false)', /an item of the list is empty/, '"/a|"'],
  ['req_path_element_prefix_in("a", false)', /no path is "a"/, '"a"'],
  ['req_path_contain("a||b", false)', /an item of the list is empty/, '"a||b"'],
  ['req_cookie_value_in("a b", "1", false)', /not the name of a cookie/, '"a b"'],
  ['req_header_value_in("x y", "1", false)', /not the name of a header/, '"x y"'],
  ['req_header_key_in("x|Host")', /host is not looked at as one/, '"x|Host"', /req_host_in/],
  ['req_header_value_in("Content-Length", "0", false)', /content-length/, '"Content-Length"'],
  ['req_header_value_hash_in("x", "abc", true)', /expected buckets/, '"abc"'],
  ['req_header_value_hash_in("x", "100-200|300-", true)', /expected buckets/, '"100-200|300-"'],
  ['req_header_value_hash_in("x", "1-2-3", true)', /expected buckets/, '"1-2-3"'],
  ['req_header_value_hash_in("x", "100-10000", true)', /expected buckets/, '"100-10000"', /from 0 to 9999/],
  ['req_header_value_hash_in("x", "100-99", true)', /expected buckets/, '"100-99"'],
  ['req_cip_hash_in("")', /expected buckets/, '""'],
  [
    'req_cip_range("10.0.0.0/8", "10.0.0.1")',
    /not an IP address/,
    '"10.0.0.0/8"',
    /first and the last address/,
  ],
  ['req_cip_range("10.0.0.2", "10.0.0.1")', /ends before it begins/, '"10.0.0.1"'],
  ['req_cip_range("10.0.0.2", "::1")', /begins with IPv4 and ends with IPv6/, '"::1"'],
  ['req_vip_in("10.0.0.1|x")', /"x" is not an IP address/, '"10.0.0.1|x"'],
  [
    'bfe_time_range("20260101000000", "20260102000000Z")',
    /is not a time/,
    '"20260101000000"',
    /20260131235959Z/,
  ],
  ['bfe_time_range("20260103000000Z", "20260102000000Z")', /ends before it begins/, '"20260102000000Z"'],
  ['bfe_periodic_time_range("9:30", "100000Z", "")', /not a time of day/, '"9:30"'],
  ['bfe_periodic_time_range("230000Z", "010000Z", "")', /ends before it begins/, '"010000Z"', /midnight/],
  ['bfe_periodic_time_range("090000Z", "100000H", "")', /different zones/, '"100000H"'],
  ['bfe_periodic_time_range("090000Z", "100000Z", "mon")', /only every day/, '"mon"'],
  ['res_code_in("5xx")', /"5xx" is not a status/, '"5xx"', /502\|503/],
  ['res_code_in("600")', /"600" is not a status/, '"600"'],
];

for (const [text, message, at, hint] of FAULTS) {
  test(`refuses ${text}`, () => {
    const before = 'default_t() && (';
    const fault = compileCondition(`${before}${text})`, { known: EVERY_FACT });

    assert.ok(fault instanceof ConditionFault);
    assert.match(fault.message, message);
    assert.equal(`${before}${text})`.slice(fault.offset, fault.offset + fault.length), at);
    if (hint !== undefined) assert.match(fault.hint ?? '', hint);
  });
}

test('an unknown name comes with those that are known', () => {
  const fault = compileCondition('req_metod_in("GET")');

  assert.ok(fault instanceof ConditionFault);
  assert.equal(fault.mistaken?.name, 'req_metod_in');
  assert.ok(fault.mistaken.known.includes('req_method_in'));
});

test('what is not there where a condition stands is refused, and what a condition looks at is told', () => {
  const late: readonly (readonly [string, LateFact])[] = [
    ['req_body_json_in("a", "b", true)', 'body'],
    ['res_code_in("200")', 'response'],
    ['req_tag_match("a", "b")', 'tag'],
    ['req_context_value_in("a", "b", true)', 'context'],
    ['req_host_tag_in("a")', 'host-tag'],
  ];
  for (const [text, fact] of late) {
    const refused = compileCondition(`default_t() || ${text}`);
    assert.ok(refused instanceof ConditionFault, text);
    assert.equal(refused.offset, 15);
    const taken = compileCondition(`default_t() || !${text}`, { known: new Set([fact]) });
    assert.ok(!(taken instanceof ConditionFault), text);
    assert.deepEqual([...taken.facts], [fact]);
  }
  const plain = compileCondition('bfe_time_range("20260101000000Z", "20260102000000Z")');
  assert.ok(!(plain instanceof ConditionFault));
  assert.equal(plain.facts.size, 0);
});
