/** Errors in the form and with the codes that Microsoft documents for Graph, and AADSTS numbers for tokens. */

/** A response to be written; `headers` are extra ones. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: an empty body. */
  readonly json?: unknown;
}

const messages: Readonly<Record<string, readonly [status: number, message: string]>> = {
  InvalidAuthenticationToken: [401, 'Access token has expired or is not yet valid.'],
  ErrorAccessDenied: [403, 'Access is denied. Check credentials and try again.'],
  ErrorSendAsDenied: [
    403,
    'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.',
  ],
  ErrorInvalidUser: [404, 'The requested user is invalid.'],
  ErrorItemNotFound: [404, 'The specified object was not found in the store.'],
  MailboxNotEnabledForRESTAPI: [
    404,
    'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
  ],
  ErrorMimeContentInvalidBase64String: [400, 'Invalid base64 string for MIME content.'],
  ErrorMimeContentInvalid: [400, 'The MIME content is invalid.'],
  ErrorInvalidRecipients: [
    400,
    "At least one recipient is not valid., A message can't be sent because it contains no recipients.",
  ],
  ErrorInvalidRequest: [400, 'The request is invalid.'],
  UnableToDeserializePostBody: [400, 'were unable to deserialize '],
  ErrorMessageSizeExceeded: [413, 'The message exceeds the maximum supported size.'],
  ApplicationThrottled: [429, 'Application is over its MailboxConcurrency limit.'],
  ErrorInternalServerError: [500, 'An internal server error occurred. The operation failed.'],
  UnknownError: [500, ''],
  ServiceNotAvailable: [503, 'The service is temporarily unavailable.'],
  GatewayTimeout: [504, ''],
};

/** The answer for a code; `status` overrides the usual one. */
export function graphError(code: string, status?: number, headers: Record<string, string> = {}): Answer {
  const [usual, message] = messages[code] ?? [400, code];
  return {
    status: status ?? usual,
    headers,
    json: { error: { code, message, innerError: { date: new Date().toISOString().slice(0, 19) } } },
  };
}

/** The answer of the token endpoint. */
export function tokenError(error: string, number: number, description: string): Answer {
  return {
    status: error === 'invalid_client' ? 401 : 400,
    json: { error, error_description: `AADSTS${number}: ${description}`, error_codes: [number] },
  };
}
