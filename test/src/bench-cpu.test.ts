import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuReading, cpuBetween } from '../../bench/cpu.ts';
import { allowedCores } from '../../bench/machine.ts';
import { parseStat, readProcessTree } from '../../bench/process-tree.ts';

const TICK_US = 10_000;

function reading(
  userTicks: number,
  systemTicks: number,
  threads?: [number, number][],
  exitedTicks = 0,
): CpuReading {
  return { userTicks, systemTicks, exitedTicks, threads: threads && new Map(threads) };
}

test('reads a stat line whose command name holds spaces and parentheses', () => {
  const line = '42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 30 20 5 20 0 1 0 100 1000 10';

  assert.deepEqual(parseStat(line), {
    pid: 42,
    parent: 7,
    user: 150,
    system: 30,
    childrenUser: 20,
    childrenSystem: 5,
  });
});

test('finds this process in its own tree', () => {
  assert.ok(readProcessTree(process.pid).some(({ pid }) => pid === process.pid));
});

test('takes the total from thread times and the shares from ticks', () => {
  const use = cpuBetween(reading(10, 10, [[1, 0]]), reading(40, 20, [[1, 404_000_000]]), TICK_US);

  assert.deepEqual(use, { user: 303_000, system: 101_000, total: 404_000 });
});

test('counts a thread that was born in between from zero', () => {
  const after = reading(1, 0, [
    [1, 2000],
    [2, 5000],
  ]);

  assert.equal(cpuBetween(reading(0, 0, [[1, 1000]]), after, TICK_US).total, 6);
});

test('falls back to ticks when a thread ended in between', () => {
  assert.equal(cpuBetween(reading(0, 0, [[1, 0]]), reading(3, 1, [[2, 9]]), TICK_US).total, 40_000);
});

test('falls back to ticks when a child process ended in between', () => {
  const before = reading(0, 0, [[1, 0]]);
  const after = reading(3, 1, [[1, 1000]], 2);

  assert.equal(cpuBetween(before, after, TICK_US).total, 40_000);
});

test('falls back to ticks where the kernel does not tell thread times', () => {
  assert.equal(cpuBetween(reading(0, 0), reading(1, 1), TICK_US).total, 20_000);
});

test('reads ranges and single cores of an affinity list', () => {
  assert.deepEqual(allowedCores('Name:\tx\nCpus_allowed_list:\t0-2,5\n'), [0, 1, 2, 5]);
  assert.deepEqual(allowedCores('Cpus_allowed_list:\t3\n'), [3]);
  assert.deepEqual(allowedCores(''), []);
});
