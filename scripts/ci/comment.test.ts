import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { CommentError, commentsOf, putComment } from './comment.ts';

const MARK = '<!-- mark -->';

/** Stands in for the comments of GitHub and GitLab: their paths, methods, pages and log-in. */
let server: Server;
let stored: { id: number; body: string; foreign?: true }[];
let requests: string[];
let url: string;

beforeEach(async () => {
  stored = [];
  requests = [];
  server = createServer((request, response) => {
    const { method = '', url: target = '', headers } = request;
    requests.push(`${method} ${target}`);
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (headers.authorization !== 'Bearer token' && headers['private-token'] !== 'token')
      return reply(401, {});
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (method === 'GET') {
        const page = Number(new URL(target, url).searchParams.get('page'));
        return reply(200, stored.slice((page - 1) * 100, page * 100));
      }
      const { body }: { body: string } = JSON.parse(text);
      if (method === 'POST') {
        stored.push({ id: stored.length + 1, body });
        return reply(201, {});
      }
      const one = stored.find(({ id }) => target.endsWith(`/${id}`));
      if (one === undefined || one.foreign === true) return reply(403, { message: 'not yours' });
      one.body = body;
      return reply(200, {});
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterEach(() => void server.close());

function github(token = 'token') {
  const comments = commentsOf({
    GITHUB_TOKEN: token,
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: 'o/r',
    PULL_REQUEST: '7',
  });
  if (comments === undefined) throw new Error('no comments');
  return comments;
}

describe('the comment of a merge request', () => {
  it('is made once and then updated in place, also behind a hundred others', async () => {
    stored = Array.from({ length: 100 }, (_, index) => ({ id: index + 1, body: 'hello' }));
    expect(await putComment(github(), MARK, `${MARK} one`, true)).toBe('created');
    expect(await putComment(github(), MARK, `${MARK} two`, false)).toBe('updated');
    expect(stored.filter(({ body }) => body.startsWith(MARK))).toEqual([{ id: 101, body: `${MARK} two` }]);
    expect(requests.at(-1)).toBe('PATCH /repos/o/r/issues/comments/101');
  });

  it('is not made to say that there is nothing to say', async () => {
    expect(await putComment(github(), MARK, `${MARK} nothing`, false)).toBe('none');
    expect(stored).toEqual([]);
  });

  it('leaves alone the comment of somebody who copied the mark', async () => {
    stored = [{ id: 1, body: `${MARK} theirs`, foreign: true }];
    expect(await putComment(github(), MARK, `${MARK} ours`, true)).toBe('created');
    expect(stored.map(({ body }) => body)).toEqual([`${MARK} theirs`, `${MARK} ours`]);
  });

  it('is a note on GitLab', async () => {
    const env = { GITLAB_TOKEN: 'token', CI_API_V4_URL: url, CI_PROJECT_ID: '5', CI_MERGE_REQUEST_IID: '6' };
    const comments = commentsOf(env);
    await comments?.create(`${MARK} one`);
    if (comments !== undefined) await putComment(comments, MARK, `${MARK} two`, true);
    expect(requests).toEqual([
      'POST /projects/5/merge_requests/6/notes',
      'GET /projects/5/merge_requests/6/notes?per_page=100&page=1',
      'PUT /projects/5/merge_requests/6/notes/1',
    ]);
  });

  it('says what the server refused, and is nowhere outside of a merge request', async () => {
    await expect(putComment(github('wrong'), MARK, MARK, true)).rejects.toThrow(CommentError);
    expect(commentsOf({ GITHUB_TOKEN: 'token', GITHUB_API_URL: url })).toBeUndefined();
  });

  it('is cut where the server would refuse its length', async () => {
    await putComment(github(), MARK, MARK + 'x'.repeat(70_000), true);
    expect(stored[0]?.body).toMatch(
      /^<!-- mark -->x+\n\n… cut here; the whole diff is in the job's artifacts\.\n$/,
    );
  });
});
