import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** A name server for which every name has one address, 127.0.0.1, and nothing else; it ends with the test. */
export async function startNameServer(test: TestContext): Promise<{ readonly port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (question, sender) => socket.send(answerTo(question), sender.port, sender.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  test.after(() => socket.close());
  return { port: socket.address().port };
}

/** RFC 1035, section 4: the question comes back with what there is to say. */
function answerTo(question: Buffer): Buffer {
  let end = HEADER_BYTES;
  while (question[end]! !== 0) end += question[end]! + 1;
  const type = question.readUInt16BE(end + 1);
  const asked = question.subarray(HEADER_BYTES, end + 5);
  const header = Buffer.alloc(HEADER_BYTES);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580, 2); // an answer, with authority, no error
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(type === TYPE_A ? 1 : 0, 6);
  return Buffer.concat([header, asked, ...(type === TYPE_A ? [ADDRESS_RECORD] : [])]);
}

const HEADER_BYTES = 12;
const TYPE_A = 1;

/** The name of the question, A, IN, valid for a minute, 127.0.0.1. */
const ADDRESS_RECORD = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
