import { expect, it } from '@jest/globals';
import { createLog } from '../../daemon/log.ts';
import { NoSuchMessage, SpoolError } from '../spool/errors.ts';
import { Notebook, type Note } from './notebook.ts';
import { message } from './testing.ts';

const { log } = createLog({ level: 'silent', format: 'json' });
const outcomes = new Map([
  ['a@example.org', { at: 1, result: 'failed', answer: '413', status: '5.3.4' } as const],
]);
const failure: Note = {
  message: message({ memory: 'a draft' }),
  mailboxFailed: false,
  changes: { state: 'failed', memory: null, outcomes },
};

/** A notebook whose steps are listed, and fail with what stands in `problems`. */
function notebook(problems: Map<string, Error>): { notes: Notebook; steps: string[] } {
  const steps: string[] = [];
  const step = async (name: string): Promise<void> => {
    const problem = problems.get(name);
    steps.push(problem === undefined ? name : `${name}: ${problem.message}`);
    if (problem !== undefined) throw problem;
  };
  const notes = new Notebook({
    spool: {
      update: async () => {
        await step('record');
        return message();
      },
      finish: () => step('finish'),
    },
    transport: { discard: () => step('discard') },
    bouncer: {
      bounce: async () => {
        await step('report');
        return 'queued';
      },
    },
    metrics: { bounces: { inc: () => undefined } },
    log,
  });
  return { notes, steps };
}

it('reports a failure before it is recorded: a full disk, or a crash, in between loses no report', async () => {
  const problems = new Map([['report', new SpoolError('full', 'no room')]]);
  const { notes, steps } = notebook(problems);
  expect(await notes.write(failure)).toBe(false);
  expect(notes.pending('m')).toBe(failure);
  problems.clear();
  expect(await notes.write(failure)).toBe(true);
  expect(notes.pending('m')).toBeUndefined();
  expect(steps).toEqual(['report: no room', 'report', 'record', 'discard']);
});

it('has nothing to write of a message that is gone', async () => {
  const { notes } = notebook(new Map([['finish', new NoSuchMessage('m')]]));
  expect(await notes.write({ message: message(), ending: { result: 'sent', answer: '202' } })).toBe(true);
  expect(notes.pending('m')).toBeUndefined();
});
