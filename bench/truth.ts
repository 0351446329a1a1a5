/** Whether what the load generator was told is true: no program shall look fast by losing mail. */
import type { LoadResult, SinkResult } from './load.ts';
import type { Workload } from './workloads.ts';

/**
 * Compares replies with what the sink has. Throws if a message was refused, lost or cut short.
 * `cut`: fewer octets came out than went in, where something was to be cut out.
 */
export function verify(
  { content }: Pick<Workload, 'content'>,
  results: readonly Pick<LoadResult, 'messages' | 'errors' | 'size' | 'complaints'>[],
  sink: SinkResult,
): { cut: boolean } {
  const complaints = results.flatMap(({ errors, complaints: said }) =>
    errors > 0 ? [`${errors} messages failed: ${said.trim()}`] : [],
  );
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  const good = content === 'refused' ? [] : results;
  const messages = good.reduce((sum, one) => sum + one.messages, 0);
  if (sink.messages !== messages) throw new Error(`the sink has ${sink.messages} messages, not ${messages}`);
  const octets = good.reduce((sum, one) => sum + one.messages * one.size, 0);
  const cut = sink.bytes < octets;
  if (cut && content !== 'invitation')
    throw new Error(`${octets - sink.bytes} octets are missing at the sink`);
  return { cut };
}
