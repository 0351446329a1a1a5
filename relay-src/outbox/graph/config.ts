/** Keys of `transport` with `kind: graph`. */
import { z } from 'zod';
import { parseMailbox } from '../../smtp/address.ts';
import { credentialKeys, httpsUrl, oneCredential } from '../oauth/config.ts';

/** Raw MIME that sendMail took in reports: a ceiling of about 2240 kB, less some room. */
export const mimeCeiling = 2_200_000;
/** What Exchange Online takes in a message by default, attachments in base64 included. */
export const draftCeiling = 35 * 1024 * 1024;

const mailbox = z
  .string()
  .refine(
    (text) => parseMailbox(text) !== undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
    'expected the address or the object id of a mailbox',
  );

const address = z
  .string()
  .refine((text) => parseMailbox(text) !== undefined, 'expected a mail address, such as "app@example.com"');

export const graphSchema = z
  .strictObject({
    kind: z.literal('graph').meta({ description: 'Microsoft Graph: `POST /users/{mailbox}/sendMail`' }),
    ...credentialKeys,
    graphUrl: httpsUrl.default('https://graph.microsoft.com').meta({
      description: 'where Graph is; differs in national clouds',
      reason: "Microsoft's global cloud",
    }),
    forceMailbox: mailbox.optional().meta({ description: 'the mailbox that sends everything' }),
    mailboxes: z.record(address, mailbox).default({}).meta({
      description: 'addresses in From, each with the mailbox that sends for it, such as a shared one',
      reason: 'the mailbox is the address in From',
    }),
    mimeLimit: z
      .int()
      .min(65_536)
      .max(4 * 1024 * 1024)
      .default(mimeCeiling)
      .meta({
        description: 'largest message, in octets, that is sent as MIME',
        reason: 'above about 2240 kB Graph is reported to answer 200 and to send nothing',
      }),
    largeMessages: z.enum(['refuse', 'draft']).default('refuse').meta({
      description:
        'messages above `mimeLimit`: `refuse` with 552, or rebuild them as a draft with uploaded attachments (needs Mail.ReadWrite, and loses what `docs/graph.md` lists)',
      reason: 'a message should arrive as it was sent',
    }),
    saveToSentItems: z.boolean().default(true).meta({
      description: 'whether Sent Items keeps messages that were sent as drafts; MIME sends always save',
      reason: "Graph's own default",
    }),
    exactlyOnce: z.boolean().default(false).meta({
      description:
        'send through a draft that can be looked up when an answer got lost (needs Mail.ReadWrite, and three requests a message)',
      reason: 'Mail.Send alone is less power over the mailboxes',
    }),
    headerRecipients: z.enum(['rewrite', 'refuse']).default('rewrite').meta({
      description:
        'addresses in To and Cc that are not in the envelope: taken out, or a reason to refuse the message',
      reason:
        'applications that send one transaction per recipient with the full To would mail everybody each time',
    }),
  })
  .superRefine((value, context) => {
    oneCredential(value, context);
    if (!value.saveToSentItems && value.largeMessages !== 'draft') {
      context.addIssue({
        code: 'custom',
        path: ['saveToSentItems'],
        message:
          'works only for drafts: set largeMessages to draft, or leave it out (MIME sends always save)',
      });
    }
  });

export type GraphConfig = z.infer<typeof graphSchema>;
