import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { defaultApp, startFakeGraph, type FakeGraph } from './server.ts';

let graph: FakeGraph;
let dispatcher: Agent;

beforeAll(async () => {
  graph = await startFakeGraph();
  dispatcher = new Agent({ allowH2: false, connect: { ca: readFileSync(graph.caFile) } });
});

afterAll(async () => {
  await dispatcher.close();
  await graph.stop();
});

const post = (path: string, body: string, headers: Record<string, string>) =>
  request(`${graph.url}${path}`, { method: 'POST', body, headers, dispatcher });

async function token(secret: string): Promise<unknown> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: defaultApp.clientId,
    client_secret: secret,
    scope: `${graph.url}/.default`,
  });
  const { body } = await post(`/${defaultApp.tenant}/oauth2/v2.0/token`, form.toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  });
  return body.json();
}

it('takes a message for a token, and checks what it is given', async () => {
  expect(await token('wrong')).toMatchObject({ error: 'invalid_client', error_codes: [7_000_215] });
  const { access_token } = z.object({ access_token: z.string() }).parse(await token(defaultApp.clientSecret));
  const send = async (body: string, authorization = `Bearer ${access_token}`): Promise<unknown> => {
    const answer = await post('/v1.0/users/App%40example.com/sendMail', body, {
      'content-type': 'text/plain',
      authorization,
    });
    const text = await answer.body.text();
    return text === '' ? answer.statusCode : /"code":"(\w+)"/.exec(text)?.[1];
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const header =
    'From: app@example.com\r\nTo: a@example.org, "B, b" <b@example.org>\r\nMessage-ID: <1@x>\r\n';

  expect(await send('', 'Bearer none')).toBe('InvalidAuthenticationToken');
  expect(await send('%%%')).toBe('ErrorMimeContentInvalidBase64String');
  expect(await send(base64('no header at all'))).toBe('ErrorMimeContentInvalid');
  expect(await send(base64('From: app@example.com\r\n\r\nhello'))).toBe('ErrorInvalidRecipients');
  expect(await send(base64(`${header}\r\n${'x'.repeat(2_300_000)}`))).toBe(200);
  expect(await send(base64(`${header}\r\nhello\r\n`))).toBe(202);
  graph.faults.add({ times: 1, status: 504, accept: true });
  expect(await send(base64(`${header}\r\nagain\r\n`))).toBe('UnknownError');

  expect(graph.ledger.accepted).toMatchObject([
    { mailbox: 'app@example.com', recipients: ['a@example.org', 'b@example.org'], told: '202' },
    { messageId: '<1@x>', told: '504' },
  ]);
  expect(graph.failures).toEqual([]);
});

it('is steered over HTTP, and draws the same weather from the same seed', async () => {
  const put = async (state: object): Promise<number> => {
    const answer = await request(`${graph.url}/fake/state`, {
      method: 'PUT',
      body: JSON.stringify(state),
      dispatcher,
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect(await put({ faults: [{ at: 'nothing' }] })).toBe(400);
  expect(await put({ consent: false, credentialExpired: true, faults: [{ at: 'token', status: 503 }] })).toBe(
    204,
  );
  expect(graph.consent).toBe(false);
  expect(graph.faults.next('token', '')).toMatchObject({ status: 503 });
  const draws = async (seed: string): Promise<unknown[]> => {
    expect(await put({ faults: [], weather: { seed, rate: 0.5, patience: 100 } })).toBe(204);
    return Array.from({ length: 50 }, () => graph.faults.next('sendMail', 'a@b'));
  };
  const first = await draws('one');
  expect(await draws('one')).toEqual(first);
  expect(await draws('two')).not.toEqual(first);
  expect(await put({ weather: null, consent: true, credentialExpired: false })).toBe(204);
  expect(graph.faults.next('sendMail', 'a@b')).toEqual({});
  const { body } = await request(`${graph.url}/fake/state`, { dispatcher });
  expect(await body.json()).toMatchObject({ consent: true, drafts: [] });
});
