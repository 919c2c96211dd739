import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkField, isPseudo } from '../../../protocols/http2/field-rules.ts';

describe('a field', () => {
  it('has a name of lower-case token characters', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code);
      const isAllowed = /[!#$%&'*+\-.^_`|~0-9a-z]/.test(char);
      for (const name of [char, `a${char}`, `${char}a`])
        assert.equal(checkField(name, ''), isAllowed ? undefined : 'bad-field-name', `code ${code}`);
    }
    assert.equal(checkField('', 'x'), 'bad-field-name');
  });

  it('has a value without controls, and without blanks around it', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code);
      const isBlank = char === ' ' || char === '\t';
      const isAllowed = isBlank || (code >= 0x20 && code !== 0x7f);
      assert.equal(checkField('a', `x${char}y`), isAllowed ? undefined : 'bad-field-value', `code ${code}`);
      for (const value of [char, `x${char}`, `${char}x`])
        assert.equal(
          checkField('a', value),
          isAllowed && !isBlank ? undefined : 'bad-field-value',
          `code ${code}`,
        );
    }
    assert.equal(checkField('a', ''), undefined);
  });

  it('is none of HTTP/1 connections, and te says trailers or nothing', () => {
    for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
      assert.equal(checkField(name, 'x'), 'connection-field');
    assert.equal(checkField('te', 'trailers'), undefined);
    for (const value of ['', 'gzip', 'Trailers', 'trailers, gzip', 'trailers;q=1'])
      assert.equal(checkField('te', value), 'connection-field');
  });

  it('may be named like what objects have', () => {
    for (const name of ['__proto__', 'constructor', 'hasownproperty'])
      assert.equal(checkField(name, name), undefined);
  });

  it('is a pseudo-header field when its name begins with a colon', () => {
    assert.equal(isPseudo(':path'), true);
    assert.equal(isPseudo(':'), true);
    assert.equal(isPseudo(''), false);
    assert.equal(isPseudo('a:b'), false);
  });
});
