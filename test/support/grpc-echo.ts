import { Buffer } from 'node:buffer';
import type { TestContext } from 'node:test';
import {
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/** A service of texts, by hand: what protoc would have made of it. */
const text = {
  requestSerialize: (value: string) => Buffer.from(value),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (value: string) => Buffer.from(value),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
};

const ECHO: ServiceDefinition = {
  unary: { path: '/test.Echo/Unary', requestStream: false, responseStream: false, ...text },
  collect: { path: '/test.Echo/Collect', requestStream: true, responseStream: false, ...text },
  split: { path: '/test.Echo/Split', requestStream: false, responseStream: true, ...text },
  talk: { path: '/test.Echo/Talk', requestStream: true, responseStream: true, ...text },
};

type Callback = (error: ServiceError | null, value?: string) => void;

export interface EchoClient extends Client {
  unary(value: string, metadata: Metadata, options: object, callback: Callback): ClientUnaryCall;
  collect(callback: Callback): ClientWritableStream<string>;
  split(value: string): ClientReadableStream<string>;
  talk(): ClientDuplexStream<string, string>;
}

export interface EchoServer {
  readonly address: string;
  readonly server: Server;
  /** Calls that their clients have cancelled, by path. */
  readonly cancelled: readonly string[];
  /** Is called when something was added to it. */
  onCancelled: () => void;
}

/**
 * Unary echoes, with the metadata `x-own` as header and as trailer; `fail N message` fails with status N, `wait` never answers. Collect
 * joins what came. Split answers character by character, and fails with status 10 at a `!`. Talk answers each message by itself.
 */
export async function startEchoServer(test: TestContext, tls?: ServerCredentials): Promise<EchoServer> {
  const cancelled: string[] = [];
  const state = { cancelled, onCancelled: () => {} };
  const watch = (call: { on(event: 'cancelled', listener: () => void): unknown; getPath(): string }) =>
    call.on('cancelled', () => {
      cancelled.push(call.getPath());
      state.onCancelled();
    });
  const implementation: UntypedServiceImplementation = {
    unary(call: ServerUnaryCall<string, string>, callback: sendUnaryData<string>) {
      watch(call);
      const [word, code, message = ''] = call.request.split(' ');
      if (word === 'wait') return;
      if (word === 'fail') {
        const metadata = new Metadata();
        metadata.set('x-why', 'it was told to');
        callback({ code: Number(code), details: message, metadata });
        return;
      }
      const headers = new Metadata();
      for (const value of call.metadata.get('x-own')) headers.add('x-own', value);
      call.sendMetadata(headers);
      callback(null, call.request, headers);
    },
    collect(call: ServerReadableStream<string, string>, callback: sendUnaryData<string>) {
      watch(call);
      const pieces: string[] = [];
      call.on('data', (piece: string) => pieces.push(piece));
      call.on('end', () => callback(null, pieces.join('+')));
    },
    split(call: ServerWritableStream<string, string>) {
      watch(call);
      for (const character of call.request) {
        if (character === '!') {
          call.emit('error', { code: 10, details: 'aborted' });
          return;
        }
        if (character !== '…') call.write(character);
      }
      if (!call.request.endsWith('…')) call.end();
    },
    talk(call: ServerDuplexStream<string, string>) {
      watch(call);
      call.on('data', (piece: string) => call.write(`<${piece}>`));
      call.on('end', () => call.end());
    },
  };
  const server = new Server();
  server.addService(ECHO, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', tls ?? ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  test.after(() => server.forceShutdown());
  return Object.assign(state, { address: `127.0.0.1:${port}`, server });
}

/** A channel to a port, for shop.example; over TLS with the credentials. */
export function openEchoClient(test: TestContext, port: number, tls?: ChannelCredentials): EchoClient {
  const EchoConstructor = makeGenericClientConstructor(ECHO, 'Echo');
  const client = new EchoConstructor(`127.0.0.1:${port}`, tls ?? credentials.createInsecure(), {
    'grpc.default_authority': 'shop.example',
    'grpc.ssl_target_name_override': 'shop.example',
    'grpc.max_receive_message_length': -1,
  });
  test.after(() => client.close());
  return client as unknown as EchoClient;
}
