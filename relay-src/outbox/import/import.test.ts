/** An old smtp2graph folder, taken over by the command. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { createLog } from '../../daemon/log.ts';
import { parseConfig } from '../config.ts';
import { Spool } from '../spool/spool.ts';
import { addImportCommand } from './command.ts';
import { repair } from './repair.ts';
import { translateSettings } from './settings.ts';

const { log } = createLog({ level: 'silent', format: 'json' });
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  for (const name of ['queue', 'failed', 'temp'])
    mkdirSync(join(folder, 'old/mailroot', name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, text: string): void => writeFileSync(join(folder, 'old/mailroot', path), text);

/** What the command prints, and its exit code. */
async function run(): Promise<{ out: string; err: string; code: number }> {
  const result = { out: '', err: '', code: 0 };
  const program = new Command();
  const needs = {
    config: () => parseConfig(`spool: ${folder}/spool\ntransport: { kind: smarthost, host: a.example }`, 'f'),
    transport: async () => ({
      mailboxOf: ({ headerFrom }: { headerFrom: string }) => headerFrom,
      close: async () => undefined,
    }),
    log,
    owner: 'test',
  };
  addImportCommand(program, needs, {
    write: (what) => (result.out += what.toString()),
    complain: (what) => (result.err += `${what}\n`),
    exitCode: (code) => (result.code = code),
  });
  await program.parseAsync(['import', join(folder, 'old')], { from: 'user' });
  return result;
}

const header =
  'From:\n App <app@example.com>\nTo: One <one@example.org>, two@example.org\nBcc: three@example.org\n';

it('the envelope comes from To, Cc and Bcc; files move aside; what cannot be read stays and is named', async () => {
  put('queue/a.eml', `${header}Subject: hello\n\ntext\n`);
  put('failed/b.eml', `${header}\nfailed\n`);
  put('queue/c.eml', 'From: app@example.com\n\nto nobody\n');
  put('temp/d.eml', 'From: ap');
  const { out, err, code } = await run();
  expect(code).toBe(1);
  expect(out).toMatch(/^queue\/a\.eml -> \w{14}\nfailed\/b\.eml -> \w{14}\n$/);
  expect(err).toBe(
    'queue/c.eml: no recipients\n' +
      'temp/d.eml: may be half a message, or one that was acknowledged and then forgotten: look at it\n',
  );
  expect(existsSync(join(folder, 'old/mailroot/imported/queue-a.eml'))).toBe(true);
  const spool = await Spool.open(join(folder, 'spool'), { owner: 'test', log, onLost: () => undefined });
  const [queued, failed] = [...spool.messages()].toSorted((a, b) => b.state.localeCompare(a.state));
  expect([queued?.state, failed?.state]).toEqual(['queued', 'failed']);
  const message = await spool.load(queued?.id ?? '');
  expect(message.recipients).toEqual(['one@example.org', 'two@example.org', 'three@example.org']);
  expect(message.sender).toBe('app@example.com');
  expect((await spool.read(message.id)).toString()).toBe(
    `${header}Subject: hello\n\ntext\n`.replaceAll('\n', '\r\n'),
  );
  await spool.close();
});

it('a file that a crash left behind is known again', async () => {
  put('queue/a.eml', `${header}\ntext\n`);
  const first = await run();
  put('queue/a.eml', readFileSync(join(folder, 'old/mailroot/imported/queue-a.eml'), 'latin1'));
  expect((await run()).out).toBe(first.out);
});

it('the parts of a message no longer tell who was in Bcc', () => {
  const mail = (fields: string): Buffer =>
    Buffer.from(
      `From: a@b.example\r\nBcc: c@d.example\r\nContent-Type: multipart/mixed; boundary="x y"\r\n\r\n` +
        `--x y\r\n${fields}Content-Type: text/plain\r\n\r\nBcc: in the text\r\n--x y--\r\n`,
    );
  const stray = 'From: a@b.example\r\nBcc: c@d.example,\r\n e@f.example\r\n';
  expect(repair(mail(stray)).toString()).toBe(mail('').toString());
  expect(repair(mail('')).toString()).toBe(mail('').toString());
});

describe('settings', () => {
  it('each key says what it becomes, no secret is shown, what nobody knows is named', () => {
    const text = [
      'mode: full',
      'send: { appReg: { tenant: contoso, id: "1", secret: hush }, retryLimit: 3 }',
      'receive: { maxSize: 25m, allowedFrom: [app@example.com], users: [{ username: u, password: hush }] }',
      'sendd: 1',
    ].join('\n');
    const all = translateSettings(text);
    expect(JSON.stringify(all)).not.toContain('hush');
    expect(Object.fromEntries(all.map((one) => [one.key.split(':')[0], one.text]))).toMatchObject({
      'send.appReg.tenant': 'transport.tenant: contoso.onmicrosoft.com',
      'receive.maxSize': 'maxSize: 25Mi; what Graph takes is less (transport.mimeLimit)',
      sendd: 'unknown to smtp2graph as well: it ignores what it does not know',
    });
    expect(all.filter(({ warns }) => warns).map(({ key }) => key.split(':')[0])).toEqual([
      'receive.allowedFrom',
      'receive.users',
      'sendd',
    ]);
  });
});
