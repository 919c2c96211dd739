import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A session that a client begins and breaks off; done when its socket is closed. */
export type Misdeed = (ports: readonly number[]) => Promise<void>;

const GET = 'GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n';
const HANDSHAKE_BEGINS = Buffer.from('16030102000100', 'hex');

/** On a plain port: what is sent, and when it breaks off. */
const PLAIN: readonly (readonly [text: string, end: 'now' | 'on-answer', how: 'reset' | 'fin'])[] = [
  ['', 'now', 'reset'],
  ['', 'now', 'fin'],
  ['GET / HT', 'now', 'reset'],
  ['GET / HTTP/1.1\r\nhost: shop.ex', 'now', 'fin'],
  [GET, 'now', 'reset'],
  [GET, 'now', 'fin'],
  [GET, 'on-answer', 'reset'],
  [GET, 'on-answer', 'fin'],
  [GET.repeat(5), 'now', 'reset'],
  [GET.repeat(5), 'on-answer', 'reset'],
  [GET.replace('/', '/slow'), 'now', 'reset'],
  [GET.replace('/', '/slow'), 'now', 'fin'],
  [GET.replace('/', '/cut'), 'on-answer', 'fin'],
  [GET.replace('/', '/reset'), 'on-answer', 'fin'],
  [GET.replace('/', '/closing'), 'on-answer', 'reset'],
  [GET.replace('/', '/large'), 'on-answer', 'reset'],
  [GET.replace('\r\n\r\n', '\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello'), 'on-answer', 'reset'],
  [GET.replace('\r\n\r\n', '\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello'), 'on-answer', 'fin'],
  ['POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 9\r\n\r\n1234', 'now', 'reset'],
  ['POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 9\r\n\r\n1234', 'now', 'fin'],
  [
    'POST / HTTP/1.1\r\nhost: shop.example\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n',
    'on-answer',
    'reset',
  ],
  ['PUT / HTTP/1.1\r\nhost: shop.example\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel', 'now', 'reset'],
  ['PUT / HTTP/1.1\r\nhost: shop.example\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'on-answer', 'fin'],
  ['\u0016\u0003\u0001 no', 'on-answer', 'fin'],
  ['nonsense\r\n\r\n', 'on-answer', 'reset'],
];

const PLAIN_MISDEEDS: readonly Misdeed[] = PLAIN.map(
  ([text, end, how]) =>
    ([port]) =>
      session(connect({ port: port!, host: '127.0.0.1', allowHalfOpen: true }), 'connect', text, end, how),
);

const TLS_MISDEEDS: readonly Misdeed[] = [
  ([, port]) => session(connect(port!, '127.0.0.1'), 'connect', '', 'now', 'reset'),
  ([, port]) => session(connect(port!, '127.0.0.1'), 'connect', HANDSHAKE_BEGINS, 'now', 'reset'),
  ([, port]) => session(connect(port!, '127.0.0.1'), 'connect', HANDSHAKE_BEGINS, 'now', 'fin'),
  ([, port]) => session(connect(port!, '127.0.0.1'), 'connect', GET, 'on-answer', 'fin'),
  ([, port]) => session(secure(port!), 'connect', '', 'now', 'reset'),
  ([, port]) => session(secure(port!), 'secureConnect', '', 'now', 'fin'),
  ([, port]) => session(secure(port!), 'secureConnect', GET, 'now', 'reset'),
  ([, port]) => session(secure(port!), 'secureConnect', GET, 'on-answer', 'fin'),
  ([, port]) => session(secure(port!), 'secureConnect', GET.replace('/', '/large'), 'on-answer', 'reset'),
  ([, port]) => session(secure(port!), 'secureConnect', GET.replace('/', '/slow'), 'now', 'reset'),
  ([, port]) => session(secure(port!), 'secureConnect', GET.replace('/', '/cut'), 'on-answer', 'reset'),
];

/** The `index`th of an endless row: each way in turn, every fifth on the TLS port. */
export function http1Misdeed(index: number): Misdeed {
  const row = index % 5 === 0 ? TLS_MISDEEDS : PLAIN_MISDEEDS;
  return row[Math.floor(index / 5) % row.length]!;
}

function secure(port: number): Socket {
  return connectTls({ port, host: '127.0.0.1', servername: 'shop.example', rejectUnauthorized: false });
}

function session(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  data: string | Buffer,
  end: 'now' | 'on-answer',
  how: 'reset' | 'fin',
): Promise<void> {
  const breakOff = (): void => {
    if (how === 'fin') socket.end();
    else if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
  };
  socket.once(ready, () => {
    if (data.length > 0) socket.write(data);
    if (end === 'now') breakOff();
    else socket.once('data', breakOff);
  });
  socket.on('data', () => {});
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', () => resolve()));
}
