import { describe, expect, it } from '@jest/globals';
import PostalMime from 'postal-mime';
import { Bouncer, renderReport } from './bounce.ts';
import { message } from './queue/testing.ts';
import type { NewMessage, Outcome } from './spool/message.ts';

const original = Buffer.from(
  'From: app@example.com\r\nBcc: hidden@example.org,\r\n other@example.org\r\nMessage-ID: <1@app>\r\nSubject: H\u00e9\r\n\r\nsecret text\r\n',
);
const failures = new Map<string, Outcome>([
  ['a@example.org', { at: 86_400_000, result: 'failed', answer: '413 too\r\nlarge', status: '5.3.4' }],
  ['\u00e9@example.org', { at: 86_400_000, result: 'failed', answer: '550 no such user', status: '5.1.1' }],
]);

describe('the report', () => {
  const report = renderReport({
    from: 'mailer-daemon@example.com',
    to: 'app@example.com',
    hostname: 'outbox.example',
    message: message({ id: 'the-id' }),
    failures,
    original,
    now: new Date(86_400_000),
  }).toString();

  it('is a delivery status notification that other programs read, and answers nobody', async () => {
    const mail = await PostalMime.parse(report);
    expect(mail.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-replied');
    expect(mail.inReplyTo).toBe('<1@app>');
    expect(report).toContain('multipart/report; report-type=delivery-status');
    expect(report).toContain(
      'Reporting-MTA: dns; outbox.example\r\nX-Outbox-Queue-ID: the-id\r\nArrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\n' +
        'Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.3.4\r\nDiagnostic-Code: x-outbox; 413 too  large\r\n' +
        'Last-Attempt-Date: Fri, 02 Jan 1970 00:00:00 +0000\r\n\r\n' +
        'Final-Recipient: utf-8; \\x{E9}@example.org\r\n',
    );
  });

  it('returns the header without Bcc, and not the text', () => {
    expect(report).toContain('Subject: H\u00e9\r\n');
    expect(report).not.toMatch(/hidden|other@|secret text/);
  });
});

describe('who gets one', () => {
  /** The report that is queued, or why none is. */
  async function bounce(changes = {}, mailboxFailed = false, to?: string): Promise<NewMessage | string> {
    let queued: NewMessage | undefined;
    const bouncer = new Bouncer({
      bounces: { from: 'mailer-daemon@example.com', ...(to === undefined ? {} : { to }) },
      hostname: 'outbox.example',
      transport: { mailboxOf: ({ headerFrom }) => headerFrom },
      spool: {
        read: async () => original,
        receive: async () => ({
          id: 'new',
          size: 0,
          write: () => undefined,
          drained: () => undefined,
          read: async () => Buffer.alloc(0),
          discard: () => undefined,
          commit: async (incoming) => {
            queued = incoming;
            return { id: 'new', resubmitted: false };
          },
        }),
      },
    });
    const result = await bouncer.bounce(message(changes), failures, mailboxFailed);
    return result === 'queued' ? (queued ?? 'nothing was queued') : result;
  }

  it('the sender, from the null sender, through the mailbox that is set', async () =>
    expect(await bounce()).toMatchObject({
      sender: '',
      headerFrom: 'mailer-daemon@example.com',
      mailbox: 'mailer-daemon@example.com',
      recipients: ['app@example.com'],
      bounceOf: 'm',
    }));
  it('one address for all, where one is set', async () =>
    expect(await bounce({ sender: '' }, false, 'admin@example.com')).toMatchObject({
      recipients: ['admin@example.com'],
    }));
  it('nobody, if nobody sent it', async () => expect(await bounce({ sender: '' })).toBe('no-sender'));
  it('nobody, if it is a report itself', async () =>
    expect(await bounce({ bounceOf: 'x' })).toBe('is-bounce'));
  it('nobody, if it would wait behind the mailbox that failed', async () => {
    const same = { mailbox: 'mailer-daemon@example.com' };
    expect(await bounce(same, true)).toBe('own-mailbox');
    expect(await bounce(same, false)).toMatchObject({ bounceOf: 'm' });
  });
});
