import { afterEach, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';

import type { Destination } from './destination.ts';
import { freePort, loopback } from './ports.ts';
import { startSink } from './sink.ts';

let sink: Destination | undefined;
afterEach(() => sink?.stop());

it('the sink prints the envelope and the text of what arrives', async () => {
  const printed: string[] = [];
  sink = await startSink(await freePort(0, 'the sink', () => {}), (line) => printed.push(line));

  await createTransport({ host: loopback, port: sink.smtpPort }).sendMail({
    envelope: { from: 'app@example.org', to: ['a@example.com', 'b@example.com'] },
    raw: `Subject: Hello\r\n\r\n${'x'.repeat(5000)}`,
  });

  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(
    /^from <app@example\.org> to <a@example\.com>, <b@example\.com>\nSubject: Hello/,
  );
  expect(printed[0]?.endsWith('\n… 1020 more characters')).toBe(true);
});

it('a port that is taken is replaced, with a word', async () => {
  sink = await startSink(await freePort(0, 'the sink', () => {}), () => {});
  const said: string[] = [];
  const other = await freePort(sink.smtpPort, 'another', (line) => said.push(line));
  expect(said).toEqual([`port ${sink.smtpPort} is taken: another is on ${other}`]);
});
