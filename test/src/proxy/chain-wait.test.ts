import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import { type Answer, CONTINUE, type Module } from '../../../src/core/callback-points.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { REQUEST_POINTS, type RequestPoint } from '../../support/request-points.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

for (const point of REQUEST_POINTS) {
  test(`at ${point} each handler has its time, and not a tick less`, async () => {
    const { pipeline, asked, told } = start(point, 2);
    const exchange = await pipeline.receive();
    await answerUpstream(pipeline, point);

    await pipeline.pass(4900);
    asked[0]!(CONTINUE);
    await turn();
    await pipeline.pass(4900);
    assert.equal(exchange.status, 0);
    assert.equal(asked.length, 2);
    await pipeline.pass(300);

    assert.equal(exchange.status, 503);
    assert.equal(exchange.error?.name, 'module-timeout');
    assert.equal(told.filter((line) => line.startsWith('failed')).length, 1);
    assert.deepEqual(
      told.filter((line) => line.startsWith('waited')).map((line) => line.replace(/ 5[0-3]..$/, ' 5000')),
      [`waited m0 ${point} 4900`, `waited m1 ${point} 5000`],
    );
    assert.equal(pipeline.cluster.instances[0]!.inFlight, 0);
    asked[1]!(CONTINUE);
    await turn();
    assert.equal(pipeline.sent.length, point === 'readResponse' ? 1 : 0);
  });

  test(`a client that is lost at ${point} is not waited for, and its time does not run on`, async () => {
    const { pipeline, asked, told } = start(point, 1);
    const exchange = await pipeline.receive();
    await answerUpstream(pipeline, point);

    exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
    exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
    asked[0]!(CONTINUE);
    await turn();
    await pipeline.pass(10_000);

    assert.equal(exchange.error?.name, 'client-gone');
    assert.equal(exchange.status, 0);
    assert.deepEqual(told, ['finished']);
    assert.equal(pipeline.cluster.instances[0]!.inFlight, 0);
  });
}

test('a module has the time that it says itself', async () => {
  const { pipeline, told } = start('foundTenant', 1, 100);
  const exchange = await pipeline.receive();

  await pipeline.pass(90);
  assert.equal(exchange.status, 0);
  await pipeline.pass(200);

  assert.equal(exchange.status, 503);
  assert.ok(told.includes('failed m0 foundTenant: module m0 gave no answer within 100 ms'));
});

test('what waits for modules before and at an attempt costs the instance nothing of its name', async () => {
  const { pipeline, asked } = start('forward', 1, undefined, 'balance: peak-ewma');
  await pipeline.receive();

  await pipeline.pass(3000);
  asked[0]!(CONTINUE);
  await turn();
  pipeline.sent[0]!.sink.response(new ResponseHead(200, '', [], 0), false);

  assert.ok(pipeline.cluster.instances[0]!.latency.at(pipeline.front.clock.now()) < 1000);
});

/** A pipeline with modules m0, m1 … that answer at one point when they are told to. */
function start(
  point: RequestPoint,
  count: number,
  timeoutMs?: number,
  cluster = '',
): { pipeline: StartedPipeline; asked: ((answer: Answer) => void)[]; told: string[] } {
  const asked: ((answer: Answer) => void)[] = [];
  const told: string[] = [];
  const modules = Array.from(
    { length: count },
    (_, i): Module => ({
      name: `m${i}`,
      ...(timeoutMs !== undefined && { timeoutMs }),
      handlers: {
        [point]: () => new Promise<Answer>((resolve) => asked.push(resolve)),
        ...(i === 0 && { requestFinish: () => void told.push('finished') }),
      },
    }),
  );
  const watch = {
    failed: ({ name }: Module, where: string, error: unknown) =>
      void told.push(`failed ${name} ${where}: ${(error as Error).message}`),
    waited: ({ name }: Module, where: string, ms: number) => void told.push(`waited ${name} ${where} ${ms}`),
  };
  return { pipeline: new StartedPipeline(1, { modules, watch, cluster }), asked, told };
}

async function answerUpstream(pipeline: StartedPipeline, point: RequestPoint): Promise<void> {
  if (point !== 'readResponse') return;
  pipeline.sent[0]!.sink.response(new ResponseHead(200, '', [], 0), false);
  await turn();
}
