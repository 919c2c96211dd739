/** ClientHellos as real clients write them, caught on loopback. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { ClientHelloReader, type ClientHelloResult } from '../../../protocols/tls/client-hello.ts';
import { curlMissing, opensslMissing } from '../../support/outside-judge.ts';

describe('ClientHelloReader on real clients', () => {
  it('reads what node:tls sends for TLS 1.3', async () => {
    const { hello } = await helloOfNode({
      servername: 'Shop.Example.org',
      ALPNProtocols: ['h2', 'http/1.1'],
    });

    assert.equal(hello.serverName, 'shop.example.org');
    assert.deepEqual(hello.alpn, ['h2', 'http/1.1']);
    assert.deepEqual(hello.versions, [0x0304, 0x0303]);
    assert.ok(hello.cipherSuites.includes(0x1301));
    assert.ok(hello.extensions.includes(0) && hello.extensions.includes(51), 'server_name and key_share');
    assert.ok(hello.supportedGroups.includes(0x001d), 'X25519');
    assert.ok(hello.signatureAlgorithms.includes(0x0403), 'ECDSA P-256');
  });

  it('reads what node:tls sends when TLS 1.2 is all it may speak', async () => {
    const { hello } = await helloOfNode({ maxVersion: 'TLSv1.2' });

    assert.equal(hello.serverNameKind, 'none');
    assert.deepEqual(hello.alpn, []);
    assert.deepEqual(hello.versions, [0x0303]);
  });

  it('reads what openssl s_client sends', { skip: opensslMissing }, async () => {
    const { hello } = await helloOf((port) =>
      command('openssl', [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-servername',
        'a.example',
        '-alpn',
        'h2',
      ]),
    );

    assert.equal(hello.serverName, 'a.example');
    assert.deepEqual(hello.alpn, ['h2']);
  });

  it('reads an openssl hello that is cut into records of 512 bytes', { skip: opensslMissing }, async () => {
    const longAlpn = Array.from({ length: 20 }, (_, i) => `protocol-with-a-long-name-${i}`).join(',');
    const { hello, bytes } = await helloOf((port) =>
      command('openssl', [
        's_client',
        ...['-connect', `127.0.0.1:${port}`, '-servername', 'a.example', '-alpn', longAlpn],
        ...['-max_send_frag', '512', '-split_send_frag', '512'],
      ]),
    );

    assert.equal(hello.alpn.length, 20);
    assert.equal(bytes.readUInt16BE(3), 512, 'the first record holds only a part');
  });

  it('reads what curl sends', { skip: curlMissing }, async () => {
    const { hello } = await helloOf((port) =>
      command('curl', ['-sk', '--resolve', `b.example:${port}:127.0.0.1`, `https://b.example:${port}/`]),
    );

    assert.equal(hello.serverName, 'b.example');
    assert.ok(hello.alpn.includes('http/1.1'));
  });
});

type Caught = Extract<ClientHelloResult, { kind: 'hello' }> & { readonly bytes: Buffer };

function helloOfNode(options: ConnectionOptions): Promise<Caught> {
  return helloOf((port) => {
    const socket = connect({ ...options, host: '127.0.0.1', port });
    socket.on('error', () => {});
    return () => socket.destroy();
  });
}

/** Listens on loopback, lets a client connect, and closes once its hello is whole. */
async function helloOf(startClient: (port: number) => () => void): Promise<Caught> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stopClient = startClient((server.address() as AddressInfo).port);
  try {
    const [socket] = (await once(server, 'connection')) as [Socket];
    const reader = new ClientHelloReader();
    for await (const chunk of socket) {
      const result = reader.receive(chunk);
      if (result.kind === 'hello') return { ...result, bytes: reader.bytes() };
      assert.equal(result.kind, 'need-more');
    }
    throw new Error('the client closed before its hello was whole');
  } finally {
    stopClient();
    server.close();
  }
}

function command(name: string, args: readonly string[]): () => void {
  const child = spawn(name, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  return () => child.kill();
}
