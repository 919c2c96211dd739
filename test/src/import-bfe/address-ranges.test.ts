import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { blocksOf } from '../../../src/import-bfe/address-ranges.ts';

test('a range is made of the fewest blocks', () => {
  for (const [first, last, blocks] of [
    ['10.0.0.0', '10.255.255.255', ['10.0.0.0/8']],
    ['192.0.2.1', '192.0.2.1', ['192.0.2.1']],
    ['192.0.2.1', '192.0.2.4', ['192.0.2.1', '192.0.2.2/31', '192.0.2.4']],
    ['0.0.0.0', '255.255.255.255', ['0.0.0.0/0']],
    ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:db8::/32']],
    ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['::/0']],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.5', ['::ffff:102:304/127']],
  ] as const)
    assert.deepEqual(blocksOf(first, last), blocks);
});

test('what is no range is told', () => {
  for (const [first, last, sentence] of [
    ['10.0.0', '10.0.0.1', '"10.0.0" is not an IP address'],
    ['10.0.0.1', 'x', '"x" is not an IP address'],
    ['10.0.0.1', '::1', 'the range begins with IPv4 and ends with IPv6, or the other way round'],
    ['10.0.0.2', '10.0.0.1', 'the range ends before it begins'],
  ] as const)
    assert.equal(blocksOf(first, last), sentence);
});

test('the blocks hold the range and nothing beside it', () => {
  const address = fc.nat({ max: 2 ** 16 - 1 });
  const write = (number: number) => `10.0.${number >> 8}.${number & 255}`;
  fc.assert(
    fc.property(address, address, fc.array(address, { minLength: 20 }), (a, b, probes) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      const list = new BlockList();
      const blocks = blocksOf(write(first), write(last));
      assert.ok(typeof blocks !== 'string');
      for (const block of blocks) {
        const [network, bits] = block.split('/');
        list.addSubnet(network!, Number(bits ?? 32));
      }
      for (const probe of [...probes, first, last, first - 1, last + 1])
        if (probe >= 0 && probe < 2 ** 16)
          assert.equal(list.check(write(probe)), probe >= first && probe <= last, write(probe));
    }),
  );
});
