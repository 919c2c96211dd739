/**
 * gRPC through Portico: two greeters of @grpc/grpc-js, a front end before them, and calls that take turns. As a file the
 * configuration is conf/examples/grpc.yaml; it is h2c on both sides here, so that no certificate is needed.
 *
 *   node_modules/.bin/node examples/grpc-greeter.ts
 *
 * In a program of yours the import is `from 'portico'`, and protoc makes the service's definition.
 */
import { Buffer } from 'node:buffer';
import {
  type Client,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { createServer } from '../src/index.ts';

const text = { serialize: (value: string) => Buffer.from(value), parse: (bytes: Buffer) => `${bytes}` };
const GREETER = {
  sayHello: {
    path: '/helloworld.Greeter/SayHello',
    requestStream: false,
    responseStream: false,
    requestSerialize: text.serialize,
    requestDeserialize: text.parse,
    responseSerialize: text.serialize,
    responseDeserialize: text.parse,
  },
};

/** A greeter with a name of its own; resolves to it and its port. */
function startGreeter(name: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server();
  server.addService(GREETER, {
    sayHello(call: ServerUnaryCall<string, string>, callback: sendUnaryData<string>) {
      callback(null, `Hello ${call.request}, says ${name}`);
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve({ server, port }) : reject(error),
    );
  });
}

const greeters = [await startGreeter('one'), await startGreeter('two')];
const front = createServer({
  listen: [{ address: process.argv[2] ?? '127.0.0.1:8080' }],
  defaultTenant: 'greeter',
  tenants: {
    greeter: { hosts: ['localhost'], routes: [{ path: '/helloworld.Greeter/*', cluster: 'greeter' }] },
  },
  clusters: {
    greeter: { protocol: 'h2c', instances: greeters.map(({ port }) => ({ address: `127.0.0.1:${port}` })) },
  },
});
const [listener] = await front.start();

const Greeter = makeGenericClientConstructor(GREETER, 'Greeter');
const client = new Greeter(
  `127.0.0.1:${listener!.port}`,
  credentials.createInsecure(),
) as unknown as Client & {
  sayHello(name: string, callback: (error: Error | null, greeting?: string) => void): void;
};
for (const name of ['Ada', 'Grace', 'Edith', 'Barbara']) {
  const greeting = await new Promise((resolve, reject) => {
    client.sayHello(name, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
  console.log(greeting);
}

client.close();
await front.stop();
for (const { server } of greeters) server.forceShutdown();
