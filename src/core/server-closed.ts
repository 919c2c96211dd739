/** Something was asked of a server that was stopped (Go's ErrServerClosed). */
export class ServerClosed extends Error {
  override readonly name = 'ServerClosed';

  constructor() {
    super('the server is closed: once stopped it serves no more; create another one');
  }
}
