import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

import { run } from '../../tools/run.ts';
import type { Host } from '../host.ts';

/** A git repository that is cloned and pushed to over HTTP, with a user and a password. */
export interface GitServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Serves an empty repository on loopback with git's own HTTP backend. */
export async function startGitServer(host: Host, branch: string): Promise<GitServer> {
  const folder = host.path('git');
  await run('git', ['init', '--quiet', '--bare', '--initial-branch', branch, 'repository.git'], {
    cwd: folder,
  });
  await run('git', ['config', 'http.receivepack', 'true'], { cwd: join(folder, 'repository.git') });
  const [username, password] = ['git', randomBytes(12).toString('hex')];
  const credentials = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  const server = createServer((request, response) => {
    if (request.headers.authorization === credentials) return backend(folder, request, response);
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  const port = await host.port('the git server');
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  host.undo.add('close the git server', async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}/repository.git`, username, password };
}

/** One request as git http-backend takes it: by the Common Gateway Interface (RFC 3875). */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: 'git',
      REMOTE_ADDR: '127.0.0.1',
      SERVER_PROTOCOL: 'HTTP/1.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('error', (error) => response.writeHead(500).end(error.message));
  child.on('close', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const { status, headers } = headerLines(output.subarray(0, end).toString('latin1'));
    response.writeHead(status, headers).end(output.subarray(end + 4));
  });
}

function headerLines(text: string): { status: number; headers: Record<string, string> } {
  const fields = text.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const { status = '200', ...headers } = Object.fromEntries(fields);
  return { status: Number.parseInt(status, 10), headers };
}
