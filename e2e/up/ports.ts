import { createServer } from 'node:net';

export const loopback = '127.0.0.1';

/** The wanted port on loopback when it is free, else another one that is. */
export async function freePort(wanted: number, what: string, say: (line: string) => void): Promise<number> {
  const port = (await tryPort(wanted)) ?? (await tryPort(0));
  if (port === undefined) throw new Error(`no free port on ${loopback} for ${what}`);
  if (wanted !== 0 && port !== wanted) say(`port ${wanted} is taken: ${what} is on ${port}`);
  return port;
}

/** Opens a port and closes it again; undefined when that is not possible. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, loopback, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
