import { Buffer } from 'node:buffer';

/** What a built ClientHello shall say; absent parts take the defaults of a plain TLS 1.3 client. */
export interface HelloPlan {
  readonly legacyVersion?: number;
  readonly sessionId?: Uint8Array;
  readonly cipherSuites?: readonly number[];
  readonly compression?: readonly number[];
  /** In wire order; undefined: no extensions block at all. */
  readonly extensions?: readonly Extension[] | undefined;
}

export type Extension = readonly [type: number, content: Uint8Array];

/** A handshake message of type client_hello. */
export function buildHello(plan: HelloPlan = {}): Buffer {
  const extensions = 'extensions' in plan ? plan.extensions : [supportedVersions(0x0304, 0x0303)];
  return handshake(
    1,
    Buffer.concat([
      uint16(plan.legacyVersion ?? 0x0303),
      Buffer.alloc(32, 0x5a),
      vector8(plan.sessionId ?? new Uint8Array(32)),
      vector16(uint16List(plan.cipherSuites ?? [0x1301, 0x1302])),
      vector8(Uint8Array.from(plan.compression ?? [0])),
      extensions === undefined
        ? new Uint8Array(0)
        : vector16(Buffer.concat(extensions.map(([type, content]) => extension(type, content)))),
    ]),
  );
}

export function handshake(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, body.length >> 16]), uint16(body.length & 0xffff), body]);
}

/** `message` cut into handshake records of at most `fragmentBytes`. */
export function records(message: Uint8Array, fragmentBytes = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += fragmentBytes) {
    parts.push(record(22, message.subarray(at, at + fragmentBytes)));
  }
  return Buffer.concat(parts);
}

export function record(type: number, fragment: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 1]), uint16(fragment.length), fragment]);
}

export function serverName(...names: string[]): Extension {
  const list = names.map((name) => Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]));
  return [0, vector16(Buffer.concat(list))];
}

export function alpn(...names: string[]): Extension {
  return [16, vector16(Buffer.concat(names.map((name) => vector8(Buffer.from(name, 'latin1')))))];
}

export function supportedVersions(...versions: number[]): Extension {
  return [43, vector8(uint16List(versions))];
}

export function supportedGroups(...groups: number[]): Extension {
  return [10, vector16(uint16List(groups))];
}

export function signatureAlgorithms(...algorithms: number[]): Extension {
  return [13, vector16(uint16List(algorithms))];
}

/** Key shares of a client: any 32 octets are a public key of X25519, more or less. */
export function keyShares(...groups: number[]): Extension {
  const shares = groups.map((group) => Buffer.concat([uint16(group), vector16(Buffer.alloc(32, 0x42))]));
  return [51, vector16(Buffer.concat(shares))];
}

/** What a client must send to be answered in TLS 1.2, whose answer shows the certificate; `extensions` beside it. */
export function tls12Hello(...extensions: readonly Extension[]): Buffer {
  return buildHello({
    cipherSuites: [0xc02b],
    // P-256, because the certificate's curve counts too.
    extensions: [...extensions, supportedGroups(0x001d, 0x0017), signatureAlgorithms(0x0403)],
  });
}

/** The same for TLS 1.3. */
export function tls13Hello(...extensions: readonly Extension[]): Buffer {
  return buildHello({
    cipherSuites: [0x1301],
    extensions: [
      ...extensions,
      supportedVersions(0x0304),
      supportedGroups(0x001d),
      signatureAlgorithms(0x0403),
      keyShares(0x001d),
    ],
  });
}

/** One identity, with a binder of zeros. */
export function preSharedKey(identity: Uint8Array): Extension {
  return [
    41,
    Buffer.concat([
      vector16(Buffer.concat([vector16(identity), Buffer.alloc(4)])),
      vector16(vector8(Buffer.alloc(32))),
    ]),
  ];
}

function vector8(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([content.length]), content]);
}

function vector16(content: Uint8Array): Buffer {
  return Buffer.concat([uint16(content.length), content]);
}

function extension(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([uint16(type), vector16(content)]);
}

function uint16List(values: readonly number[]): Buffer {
  return Buffer.concat(values.map(uint16));
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
