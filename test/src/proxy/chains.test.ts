import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import {
  CALLBACK_POINTS,
  CLOSE,
  CONTINUE,
  FINISH,
  type Module,
  type ReceivedExchange,
} from '../../../src/core/callback-points.ts';
import { Chains } from '../../../src/proxy/chains.ts';
import { requestHead, session } from '../../support/finished-exchange.ts';

const EXCHANGE = { path: '/' } as unknown as ReceivedExchange;

test('a point that no module uses has nothing to be called', () => {
  const chains = new Chains(
    [{ name: 'none' }, { name: 'one', handlers: { accept: () => CONTINUE } }],
    noFailure,
  );

  assert.deepEqual(
    CALLBACK_POINTS.filter((point) => chains.has(point)),
    ['accept'],
  );
});

test('handlers are asked in order until one answers something else than continue', () => {
  const asked: string[] = [];
  const module = (name: string, answer: typeof CONTINUE | typeof FINISH): Module => ({
    name,
    handlers: {
      beforeLocation() {
        asked.push(name);
        return answer;
      },
    },
  });

  const finish = new Chains([module('a', CONTINUE), module('b', FINISH), module('c', CONTINUE)], noFailure);
  const through = new Chains([module('d', CONTINUE), module('e', CONTINUE)], noFailure);

  assert.equal(finish.ask('beforeLocation', EXCHANGE), FINISH);
  assert.equal(through.ask('beforeLocation', EXCHANGE), CONTINUE);
  assert.deepEqual(asked, ['a', 'b', 'd', 'e']);
});

test('a handler may use what stands beside it', () => {
  const handlers = {
    answer: CLOSE,
    accept(): typeof CLOSE {
      return this.answer;
    },
  };

  assert.equal(new Chains([{ name: 'm', handlers }], noFailure).ask('accept', session()), CLOSE);
});

test('a handler that throws ends its chain, and is reported with its module and point', () => {
  const failures: unknown[] = [];
  const fault = new Error('a mistake');
  const chains = new Chains(
    [
      {
        name: 'broken',
        handlers: {
          beforeLocation() {
            throw fault;
          },
        },
      },
      { name: 'behind', handlers: { beforeLocation: () => assert.fail('asked') } },
    ],
    (...failure) => failures.push(failure),
  );

  assert.equal(chains.ask('beforeLocation', EXCHANGE), undefined);
  assert.deepEqual(failures, [['broken', 'beforeLocation', fault]]);
});

test('everybody is told of an end, whatever the others do', () => {
  const told: string[] = [];
  const failures: string[] = [];
  const module = (name: string): Module => ({
    name,
    handlers: {
      finish() {
        told.push(name);
        throw new Error('a mistake');
      },
    },
    refused() {
      told.push(`${name} refused`);
      throw new Error('a mistake');
    },
  });
  const chains = new Chains([module('a'), module('b')], (name, point) => failures.push(`${name} ${point}`));

  chains.tell('finish', session());
  chains.refused(session());

  assert.deepEqual(told, ['a', 'b', 'a refused', 'b refused']);
  assert.deepEqual(failures, ['a finish', 'b finish', 'a refused', 'b refused']);
});

test('each rewriting goes on from what the one before has left', () => {
  const module = (name: string): Module => ({
    name,
    rewriteRequest: (_session, _head, headers) => [...headers, 'x', name],
    rewriteResponse: (_head, headers) => [...headers, 'y', name],
  });
  const chains = new Chains([module('a'), { name: 'none' }, module('b')], noFailure);

  assert.deepEqual(chains.rewriteRequest(session(), requestHead(), ['z', '1']), [
    'z',
    '1',
    'x',
    'a',
    'x',
    'b',
  ]);
  assert.deepEqual(chains.rewriteResponse(new ResponseHead(200, '', [], 0), []), ['y', 'a', 'y', 'b']);
});

function noFailure(module: string): void {
  assert.fail(`${module} failed`);
}
