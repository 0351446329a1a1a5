/** One comment in a merge request, put in the place of the one before. */

/** Where comments are read and written, for GitHub and GitLab. */
export interface Comments {
  /** Newest last. */
  list(): Promise<{ readonly id: number; readonly body: string }[]>;
  create(body: string): Promise<void>;
  update(id: number, body: string): Promise<void>;
}

/** A request that the server refused. */
export class CommentError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What GitHub takes at most is 65,536 characters. */
const LONGEST = 60_000;

/**
 * Puts a text where the comment with this mark is, or makes one.
 *
 * @param isNews false leaves a merge request without a comment as it is
 */
export async function putComment(
  comments: Comments,
  mark: string,
  text: string,
  isNews: boolean,
): Promise<'created' | 'updated' | 'none'> {
  const body =
    text.length > LONGEST
      ? `${text.slice(0, LONGEST)}\n\n… cut here; the whole diff is in the job's artifacts.\n`
      : text;
  const own = (await comments.list()).filter((comment) => comment.body.startsWith(mark)).at(-1);
  if (own !== undefined) {
    try {
      await comments.update(own.id, body);
      return 'updated';
    } catch (error) {
      // Somebody else's comment that begins with our mark.
      if (!(error instanceof CommentError) || ![403, 404].includes(error.status)) throw error;
    }
  }
  if (!isNews) return 'none';
  await comments.create(body);
  return 'created';
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The merge request that this pipeline runs for, from the variables of its CI system; undefined outside of one. */
export function commentsOf(env: Variables): Comments | undefined {
  const { GITHUB_TOKEN, GITHUB_API_URL, GITHUB_REPOSITORY, PULL_REQUEST } = env;
  if (GITHUB_TOKEN && GITHUB_API_URL && GITHUB_REPOSITORY && PULL_REQUEST) {
    const issues = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues`;
    return overHttp(`${issues}/${PULL_REQUEST}/comments`, (id) => `${issues}/comments/${id}`, 'PATCH', {
      authorization: `Bearer ${GITHUB_TOKEN}`,
      accept: 'application/vnd.github+json',
    });
  }
  const { GITLAB_TOKEN, CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID } = env;
  if (GITLAB_TOKEN && CI_API_V4_URL && CI_PROJECT_ID && CI_MERGE_REQUEST_IID) {
    const notes = `${CI_API_V4_URL}/projects/${CI_PROJECT_ID}/merge_requests/${CI_MERGE_REQUEST_IID}/notes`;
    return overHttp(notes, (id) => `${notes}/${id}`, 'PUT', { 'private-token': GITLAB_TOKEN });
  }
  return undefined;
}

function overHttp(
  all: string,
  one: (id: number) => string,
  change: 'PATCH' | 'PUT',
  headers: Record<string, string>,
): Comments {
  const send = async (method: string, url: string, body?: string): Promise<unknown> => {
    const response = await fetch(url, {
      method,
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'email-relay' },
      ...(body === undefined ? {} : { body: JSON.stringify({ body }) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok)
      throw new CommentError(
        response.status,
        `${method} ${url}: ${response.status} ${await response.text()}`,
      );
    return response.json();
  };
  return {
    async list() {
      const found: { id: number; body: string }[] = [];
      for (let page = 1; ; page += 1) {
        const items = await send('GET', `${all}?per_page=100&page=${page}`);
        if (!Array.isArray(items)) throw new Error(`${all} answered with something else than a list`);
        found.push(
          ...items.map((item: { id: number; body?: string | null }) => ({
            id: item.id,
            body: item.body ?? '',
          })),
        );
        if (items.length < 100) return found.toSorted((a, b) => a.id - b.id);
      }
    },
    create: async (body) => void (await send('POST', all, body)),
    update: async (id, body) => void (await send(change, one(id), body)),
  };
}
