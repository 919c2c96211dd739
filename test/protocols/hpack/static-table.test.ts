import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  findStaticName,
  STATIC_ENTRIES,
  STATIC_NAMES,
  STATIC_VALUES,
} from '../../../protocols/hpack/static-table.ts';

/** RFC 7541, appendix A, in order. */
const APPENDIX_A = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

it('is that of RFC 7541', () => {
  const lines = STATIC_NAMES.map((name, i) => `${name} ${STATIC_VALUES[i]}`.trimEnd()).slice(1);

  assert.equal(STATIC_ENTRIES, 61);
  assert.equal(lines.join('\n'), APPENDIX_A);
});

it('finds the lowest index of a name, and the index of each value', () => {
  assert.equal(findStaticName(':status')?.index, 8);
  assert.equal(findStaticName(':status')?.values.get('404'), 13);
  assert.equal(findStaticName(':status')?.values.get('302'), undefined);
  assert.equal(findStaticName('www-authenticate')?.index, 61);
});

it('has nothing that only objects have', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    assert.equal(findStaticName(key), undefined);
    assert.equal(findStaticName('accept')?.values.get(key), undefined);
  }
});
