/** A backend that gives back what it gets, in a process of its own; tells its parent the port, and ends with it. */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1', 4096, () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
