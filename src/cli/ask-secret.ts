/** A terminal, of which only what is needed here is named. */
export interface Terminal {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Asks for a line and does not show what is typed. Rejects on Ctrl-C and Ctrl-D. */
export function askSecret(
  question: string,
  terminal: Terminal,
  out: { write(text: string): unknown },
): Promise<string> {
  out.write(question);
  // Raw: otherwise the terminal itself shows each character.
  terminal.setRawMode(true);
  return new Promise<string>((resolve, reject) => {
    const typed: number[] = [];
    const finish = (): void => {
      terminal.off('data', take);
      terminal.setRawMode(false);
      terminal.pause();
      out.write('\n');
    };
    const take = (chunk: Buffer): void => {
      for (const octet of chunk) {
        if (octet === KEY.enter || octet === KEY.newline) {
          finish();
          resolve(Buffer.from(typed).toString());
          return;
        }
        if (octet === KEY.interrupt || octet === KEY.endOfInput) {
          finish();
          reject(new Error('no password was given'));
          return;
        }
        if (octet === KEY.backspace || octet === KEY.delete) eraseCharacter(typed);
        else if (octet === KEY.eraseLine) typed.length = 0;
        else typed.push(octet);
      }
    };
    terminal.on('data', take);
    terminal.resume();
  });
}

const KEY = Object.freeze({
  interrupt: 3,
  endOfInput: 4,
  backspace: 8,
  newline: 10,
  enter: 13,
  eraseLine: 21,
  delete: 127,
});

/** In UTF-8 the octets 0x80 to 0xbf only continue a character. */
function eraseCharacter(typed: number[]): void {
  while (typed.length > 0 && (typed.pop()! & 0xc0) === 0x80);
}
