import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE, CONTINUE, type Module, type SessionAnswer } from '../../../src/core/callback-points.ts';
import type { PendingSession } from '../../../src/core/pending-session.ts';
import { session } from '../../support/finished-exchange.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

/** A connection that a module thinks about, and what becomes of it. */
function start(answerTo: (waits: number) => SessionAnswer | Promise<SessionAnswer>) {
  const told: string[] = [];
  let waits = 0;
  const handler = (): SessionAnswer | Promise<SessionAnswer> => answerTo(waits++);
  const modules: Module[] = [
    { name: 'first', handlers: { accept: handler } },
    { name: 'second', handlers: { accept: handler } },
  ];
  const pipeline = new StartedPipeline(1, {
    modules,
    watch: {
      failed: ({ name }, where, error) =>
        void told.push(`failed ${name} ${where}: ${(error as Error).message}`),
      waited: ({ name }, where, ms) => void told.push(`waited ${name} ${where} ${Math.round(ms / 1000)} s`),
      answered: ({ name }, where, answer) => void told.push(`answered ${name} ${where} ${answer}`),
    },
  });
  const begin = (): PendingSession => {
    const answer = pipeline.ask('accepted', session());
    assert.equal(answer.kind, 'pending');
    const pending = answer as PendingSession;
    pending.begin({
      answered: (mayGoOn) => void told.push(mayGoOn ? 'goes on' : 'closes'),
      answerCrashed: () => void told.push('crashed'),
    });
    return pending;
  };
  return { pipeline, told, begin };
}

test('what is answered at once is no object of its own', () => {
  for (const answer of [CONTINUE, CLOSE]) {
    const { pipeline } = start(() => answer);
    assert.equal(pipeline.ask('accepted', session()), answer);
    assert.equal(pipeline.ask('secured', session()), CONTINUE, 'nobody is asked');
  }
});

test('each handler has its time, and behind the last the session goes on', async () => {
  const answers: ((answer: SessionAnswer) => void)[] = [];
  const { pipeline, told, begin } = start(() => new Promise((resolve) => answers.push(resolve)));
  begin();

  await pipeline.pass(4000);
  answers[0]!(CONTINUE);
  await turn();
  await pipeline.pass(4000);
  answers[1]!(CONTINUE);
  await turn();
  await pipeline.pass(10_000);

  assert.deepEqual(told, ['waited first accept 4 s', 'waited second accept 4 s', 'goes on']);
});

test('a handler that takes too long closes it, and what it says then is not heard', async () => {
  const answers: ((answer: SessionAnswer) => void)[] = [];
  const { pipeline, told, begin } = start(() => new Promise((resolve) => answers.push(resolve)));
  begin();

  await pipeline.pass(5200);
  answers[0]!(CONTINUE);
  await turn();

  assert.deepEqual(told, [
    'waited first accept 5 s',
    'failed first accept: module first gave no answer within 5000 ms',
    'closes',
  ]);
  assert.equal(answers.length, 1, 'nobody else is asked');
});

test('what is no answer closes it', async () => {
  for (const odd of [undefined, { kind: 'respond', status: 200, headers: [], body: '' }]) {
    const { told, begin } = start(async () => odd as never);
    begin();
    await turn();

    assert.equal(told.at(-1), 'closes');
  }
});

test('a session that waits keeps its snapshot, until it is answered or left', async () => {
  for (const end of ['answered', 'left'] as const) {
    const answers: ((answer: SessionAnswer) => void)[] = [];
    const { pipeline, told, begin } = start(() => new Promise((resolve) => answers.push(resolve)));
    const pending = begin();
    pipeline.reload(1);
    assert.equal(pipeline.retired, 0);

    if (end === 'answered') answers[0]!(CLOSE);
    else pending.leave();
    await turn();
    assert.equal(pipeline.retired, 1);
    pending.leave();
    await pipeline.pass(10_000);

    assert.equal(pipeline.retired, 1);
    assert.equal(told.filter((line) => line === 'closes').length, end === 'answered' ? 1 : 0);
  }
});

test('a fault of ours in what follows is reported, and costs this session', async () => {
  const told: unknown[] = [];
  const fault = new Error('ours');
  const pipeline = new StartedPipeline(1, {
    modules: [{ name: 'm', handlers: { handshake: async () => CONTINUE } }],
    internalError: (error) => void told.push(error),
  });
  const pending = pipeline.ask('secured', session()) as PendingSession;
  pending.begin({
    answered() {
      throw fault;
    },
    answerCrashed: () => void told.push('crashed'),
  });
  await turn();

  assert.deepEqual(told, [fault, 'crashed']);
});
