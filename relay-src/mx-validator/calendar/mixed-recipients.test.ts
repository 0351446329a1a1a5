import { describe, expect, it } from '@jest/globals';
import { StripList } from './mixed-recipients.ts';

const host = 'host@example.com';
const guest = 'guest@example.net';

describe('StripList', () => {
  it('strips when every accepted recipient is listed, in whatever case', () => {
    const list = new StripList([host, ' Second.Host@Example.com ']);
    expect(list.decide(['HOST@example.com', 'second.host@EXAMPLE.COM'])).toEqual({
      strip: true,
      mixed: false,
    });
  });

  it('leaves mail for others alone, also with an empty list or no recipient', () => {
    expect(new StripList([host]).decide([guest])).toEqual({ strip: false, mixed: false });
    expect(new StripList([]).decide([guest])).toEqual({ strip: false, mixed: false });
    expect(new StripList([host]).decide([])).toEqual({ strip: false, mixed: false });
  });

  it('keeps the invitation of a guest who is written to together with a listed host', () => {
    expect(new StripList([host]).decide([host, guest])).toEqual({ strip: false, mixed: true });
    expect(new StripList([host], 'strip-all').decide([host, guest])).toEqual({ strip: true, mixed: true });
  });

  it('knows nothing of the transaction before', () => {
    // The published design kept one flag for the connection: a reset transaction for the host then
    // stripped the next message, for the guest.
    const list = new StripList([host]);
    list.decide([host]);
    expect(list.decide([guest]).strip).toBe(false);
  });
});
