import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './temporary-directory.ts';

export interface OpensslPair {
  readonly cert: string;
  readonly key: string;
}

export interface OpensslLeaf extends OpensslPair {
  /** Hexadecimal. */
  readonly serial: string;
}

export interface AnswerOptions {
  /** Who signs; the authority itself when absent. */
  readonly signer?: OpensslPair;
  /** Minutes for which the answer is good. */
  readonly minutes?: number;
  /** Further arguments for `openssl ocsp`. */
  readonly args?: readonly string[];
}

/** A certificate authority and OCSP responder, all of it made and run by the openssl command. */
export class OpensslAuthority {
  readonly directory: string;
  readonly ca: OpensslPair;
  readonly #test: TestContext;
  readonly #states = new Map<string, 'V' | 'R'>();
  #names = 0;

  constructor(test: TestContext) {
    this.#test = test;
    this.directory = temporaryDirectory(test);
    this.#write('req.cnf', '[req]\ndistinguished_name = dn\n[dn]\n');
    this.ca = this.#request([
      ...['-subj', '/CN=Test OCSP CA', '-days', '90', '-set_serial', '1'],
      ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ]);
    this.#writeIndex();
  }

  /** `extensions`: as for `-addext`. */
  issue(name: string, extensions: readonly string[] = []): OpensslLeaf {
    // The first bit is set in some, so that the sign of numbers counts.
    const serial = `${0xa0_00 + this.#names}`;
    const hex = Number(serial).toString(16);
    const pair = this.#request([
      ...['-subj', `/CN=${name}`, '-days', '60', '-set_serial', `0x${hex}`],
      ...['-CA', join(this.directory, 'ca.pem'), '-CAkey', join(this.directory, 'ca.key')],
      ...[`subjectAltName=DNS:${name}`, 'basicConstraints=critical,CA:FALSE', ...extensions].flatMap(
        (text) => ['-addext', text],
      ),
    ]);
    this.#states.set(hex, 'V');
    this.#writeIndex();
    return { ...pair, serial: hex };
  }

  revoke({ serial }: OpensslLeaf): void {
    this.#states.set(serial, 'R');
    this.#writeIndex();
  }

  /** As if it had never been issued. */
  forget({ serial }: OpensslLeaf): void {
    this.#states.delete(serial);
    this.#writeIndex();
  }

  /** What `openssl ocsp` answers about a certificate, in DER. */
  answer({ serial }: OpensslLeaf, options: AnswerOptions = {}): Buffer {
    const out = join(this.directory, `answer-${this.#names++}.der`);
    this.#openssl([
      ...this.#responderArguments(options),
      ...['-issuer', join(this.directory, 'ca.pem'), '-serial', `0x${serial}`, '-respout', out, '-noverify'],
    ]);
    return readFileSync(out);
  }

  /** A responder on a port of its own, until the test is over or it is stopped. `port`: one that was used before. */
  async respond(
    options: AnswerOptions & { readonly port?: number } = {},
  ): Promise<{ port: number; stop: () => void }> {
    const child: ChildProcess = spawn(
      'openssl',
      [...this.#responderArguments(options), '-port', String(options.port ?? 0)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const stop = (): void => void child.kill();
    this.#test.after(stop);
    const port = await new Promise<number>((resolve, reject) => {
      for (const stream of [child.stdout!, child.stderr!]) {
        createInterface(stream).on('line', (line) => {
          const found = /ACCEPT \S*:(\d+)/.exec(line)?.[1];
          if (found !== undefined) resolve(Number(found));
        });
      }
      child.once('exit', (code) => reject(new Error(`openssl ocsp ended with ${code}`)));
    });
    return { port, stop };
  }

  /** The files of a pair, for arguments. */
  filesOf({ cert, key }: OpensslPair): { cert: string; key: string } {
    const name = `pair-${this.#names++}`;
    return { cert: this.#write(`${name}.pem`, cert), key: this.#write(`${name}.key`, key) };
  }

  #responderArguments({ signer, minutes = 60, args = [] }: AnswerOptions): string[] {
    const files = this.filesOf(signer ?? this.ca);
    return [
      ...['ocsp', '-index', join(this.directory, 'index.txt'), '-CA', join(this.directory, 'ca.pem')],
      ...['-rsigner', files.cert, '-rkey', files.key, '-nmin', String(minutes), '-text', ...args],
    ];
  }

  #request(args: readonly string[]): OpensslPair {
    const name = this.#names === 0 ? 'ca' : `issued-${this.#names}`;
    this.#names += 1;
    const file = (suffix: string) => join(this.directory, `${name}.${suffix}`);
    this.#openssl([
      ...['req', '-x509', '-config', join(this.directory, 'req.cnf'), '-nodes', '-newkey', 'ec'],
      ...['-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', file('key'), '-out', file('pem'), ...args],
    ]);
    return { cert: readFileSync(file('pem'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
  }

  #writeIndex(): void {
    const lines = Array.from(this.#states, ([serial, state]) => {
      const revoked = state === 'R' ? '260101000000Z' : '';
      return [state, '491231235959Z', revoked, serial.toUpperCase(), 'unknown', `/CN=${serial}`].join('\t');
    });
    this.#write('index.txt', lines.map((line) => `${line}\n`).join(''));
  }

  #write(name: string, text: string): string {
    const file = join(this.directory, name);
    writeFileSync(file, text);
    return file;
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
