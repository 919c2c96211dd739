import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePorts, waitForPort } from '../../bench/ports.ts';
import { testAuthority, testCertificate } from './certificates.ts';
import { startNameServer } from './name-server.ts';
import { commandMissing, commandPath } from './outside-judge.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const pebbleMissing: false | string = commandMissing('pebble');

export interface PebbleOptions {
  /** Percent of good nonces that are refused all the same. */
  readonly refusedNonces?: number;
  /** Of what it issues, seconds. */
  readonly validitySeconds?: number;
}

/** A CA of its own for one test, which finds every host on loopback. */
export interface Pebble {
  readonly directory: string;
  /** PEM file: who issues the certificate of its own address. */
  readonly caFile: string;
  /** Where its looks at hosts end up; until it is said, they wait. */
  leadTo(ports: { readonly plain?: number; readonly tls?: number }): void;
  /** PEM of the root that its certificates come from. */
  root(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts pebble; it ends with the test. */
export async function startPebble(test: TestContext, options: PebbleOptions = {}): Promise<Pebble> {
  const folder = temporaryDirectory(test);
  const nameServer = await startNameServer(test);
  const plain = await startRelay(test);
  const tls = await startRelay(test);
  const [port, managementPort] = (await freePorts(2)) as [number, number];
  const own = testCertificate(['localhost', '127.0.0.1']);
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') };
  writeFileSync(files.cert, own.cert);
  writeFileSync(files.key, own.key);
  writeFileSync(files.ca, testAuthority().cert);
  const configFile = join(folder, 'pebble.json');
  writeFileSync(
    configFile,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${managementPort}`,
        certificate: files.cert,
        privateKey: files.key,
        httpPort: plain.port,
        tlsPort: tls.port,
        ocspResponderURL: '',
        externalAccountBindingRequired: false,
        certificateValidityPeriod: options.validitySeconds ?? 90 * 86_400,
      },
    }),
  );
  const child = spawn(
    commandPath('pebble')!,
    ['-config', configFile, '-strict', '-dnsserver', `127.0.0.1:${nameServer.port}`],
    {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: {
        ...process.env,
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_AUTHZREUSE: '0',
        PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 0),
      },
    },
  );
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  test.after(stop);
  if (!(await waitForPort(port, () => child.exitCode !== null))) throw new Error('pebble ended');
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    caFile: files.ca,
    leadTo(ports) {
      plain.leadTo(ports.plain ?? 'nowhere');
      tls.leadTo(ports.tls ?? 'nowhere');
    },
    root: () => getText(`https://127.0.0.1:${managementPort}/roots/0`),
    stop,
  };
}

interface Relay {
  readonly port: number;
  leadTo(port: number | 'nowhere'): void;
}

/** A port that is known before the one it leads to: connections wait until that is said. */
async function startRelay(test: TestContext): Promise<Relay> {
  const target = Promise.withResolvers<number | 'nowhere'>();
  const server = createServer(async (socket) => {
    socket.on('error', () => {});
    const port = await target.promise;
    if (port === 'nowhere') {
      socket.resetAndDestroy();
      return;
    }
    const onward = connect(port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, leadTo: (port) => target.resolve(port) };
}

function getText(url: string): Promise<string> {
  const agent = new Agent({ ca: testAuthority().cert });
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
