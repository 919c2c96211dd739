import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Answers by the path of the request, and never looks at bodies: what is not read as a head is thrown away. */
export async function startHttp1SoakOrigin(): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => answer(socket, chunk.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: ';
const SMALL = `${HEAD}5\r\n\r\nhello`;
const LARGE = Buffer.from(`${HEAD}300000\r\n\r\n${'x'.repeat(300_000)}`);

function answer(socket: Socket, text: string): void {
  const path = /^(?:GET|POST|PUT) (\S+) /.exec(text)?.[1];
  switch (path) {
    case undefined:
    case '/slow':
      return;
    case '/large':
      socket.write(LARGE);
      return;
    case '/cut':
      socket.end(SMALL.slice(0, -2));
      return;
    case '/reset':
      socket.resetAndDestroy();
      return;
    case '/closing':
      socket.end(SMALL);
      return;
    default:
      if (text.includes('upgrade: echo')) socket.write(switching('echo'));
      else if (text.includes('upgrade: websocket')) socket.write(switching('websocket', text));
      else socket.write(SMALL);
  }
}

/** Switches to a protocol that greets at once; a WebSocket's client sends the key that is answered. */
function switching(protocol: 'echo' | 'websocket', request = ''): string {
  const key = /^sec-websocket-key: (\S+)/im.exec(request)?.[1];
  const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const accept = key === undefined ? '' : `sec-websocket-accept: ${digest}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n${accept}\r\nhello`;
}
