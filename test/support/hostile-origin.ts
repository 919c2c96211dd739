import { setTimeout as delay } from 'node:timers/promises';
import { type AnswerPlan, tokenBody } from './hostile-plan.ts';
import type { OriginScript } from './origin.ts';
import type { Peer } from './peer.ts';

/** Plays for each request what `plans` holds for its token; a token that nobody knows gets an honest answer with that token. */
export function hostileOrigin(plans: ReadonlyMap<string, AnswerPlan>, onClose: () => void): OriginScript {
  return (connection) => {
    connection.socket.on('close', onClose);
    connection.ended.then(() => connection.socket.end());
    void serve(connection, plans).catch(() => connection.socket.destroy());
  };
}

async function serve(connection: Peer, plans: ReadonlyMap<string, AnswerPlan>): Promise<void> {
  for (;;) {
    await connection.until(() => connection.rest.includes('\r\n\r\n') || connection.hasEnded);
    const head = connection.rest.slice(0, connection.rest.indexOf('\r\n\r\n') + 4);
    const token = /^x-token: (.*)\r$/im.exec(head)?.[1] ?? 'none';
    const plan = plans.get(token) ?? HONEST;
    if (plan.manner === 'deaf') {
      connection.socket.pause();
      await delay(DEAF_MS);
      connection.socket.resume();
      return;
    }
    const isUpgrade = /^upgrade: /im.test(head);
    if (plan.manner === 'early') await answer(connection, token, head, plan);
    await connection.message();
    if (isUpgrade && plan.manner === 'sized') {
      await tunnel(connection, token);
      return;
    }
    if (plan.manner !== 'early') await answer(connection, token, head, plan);
  }
}

const HONEST: AnswerPlan = { manner: 'sized', size: 10, pieces: 1, after: 'keep' };

/** For longer than the front end has patience; but it must notice in the end that it is alone. */
const DEAF_MS = 500;

async function answer(connection: Peer, token: string, head: string, plan: AnswerPlan): Promise<void> {
  const { manner, pieces, after } = plan;
  if (manner === 'silent') return;
  if (manner === 'reset-unanswered') connection.reset();
  if (manner === 'end-unanswered') connection.end();
  if (connection.socket.destroyed || connection.socket.writableEnded) return;
  const text = answerText(token, head.startsWith('HEAD '), plan);
  // Bytes behind an answer that come in a later read are the next answer's: nobody can tell. So they come at once.
  const cuts = manner === 'extra-bytes' || manner === 'mutated' ? 1 : pieces;
  const step = Math.ceil(text.length / cuts);
  for (let at = 0; at < text.length; at += step) {
    if (at > 0) await delay(1);
    if (connection.socket.destroyed) return;
    connection.send(text.slice(at, at + step));
  }
  if (manner === 'reset' || after === 'reset') connection.reset();
  else if (manner === 'until-close' || manner === 'cut' || after === 'end') connection.end();
}

function answerText(token: string, isHead: boolean, { manner, size }: AnswerPlan): string {
  const lines = `x-token: ${token}\r\n`;
  // Extra and mutated bytes fit into one read with their answer.
  const bytes = manner === 'extra-bytes' || manner === 'mutated' ? Math.min(size, 1000) : size;
  const body = tokenBody(token, bytes);
  const sized = `HTTP/1.1 200 OK\r\n${lines}content-length: ${bytes}\r\n\r\n${isHead ? '' : body}`;
  switch (manner) {
    case 'chunked': {
      const middle = bytes >> 1;
      const chunks = [body.slice(0, middle), body.slice(middle)].filter((chunk) => chunk !== '');
      const encoded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
      return `HTTP/1.1 200 OK\r\n${lines}transfer-encoding: chunked\r\n\r\n${isHead ? '' : `${encoded}0\r\n\r\n`}`;
    }
    case 'until-close':
      return `HTTP/1.1 200 OK\r\n${lines}\r\n${isHead ? '' : body}`;
    case 'no-content':
      return `HTTP/1.1 204 No Content\r\n${lines}\r\n`;
    case 'interims':
      return 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3) + sized;
    case 'too-many-interims':
      return 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000) + sized;
    case 'extra-bytes':
      return `${sized}HTTP/1.1 200 OK\r\nx-token: nobody\r\ncontent-length: 0\r\n\r\n`;
    case 'cut':
    case 'reset':
      return sized.slice(0, sized.length >> 1);
    case 'mutated': {
      const at = bytes % 60;
      return sized.slice(0, at) + String.fromCharCode(bytes & 255) + sized.slice(at + 1);
    }
    default:
      return sized;
  }
}

/** Sends back what comes, behind the token. */
async function tunnel(connection: Peer, token: string): Promise<void> {
  connection.send(
    `HTTP/1.1 101 Switching Protocols\r\nx-token: ${token}\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n${token}`,
  );
  connection.socket.on('data', (chunk: Buffer) => connection.socket.write(chunk));
  await connection.untilEnded();
}
