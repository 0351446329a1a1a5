/** Makers of metrics that take only the names of a contract, in a registry of their own. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** `level` of a gauge is asked when it is scraped. */
export function metricMakers<Name extends string>() {
  const registry = new Registry();
  return {
    registry,
    counter: <const L extends string = never>(name: Name, help: string, labelNames: readonly L[] = []) =>
      new Counter({ name, help, labelNames, registers: [registry] }),
    /**
     * A counter of what happens with every message: its total is kept elsewhere and asked when it is scraped, which
     * costs less than finding the value of its labels each time.
     */
    total: (name: Name, help: string, total: () => number) =>
      new Counter({
        name,
        help,
        registers: [registry],
        collect: function collect(this: Counter) {
          this.reset();
          this.inc(total());
        },
      }),
    /** The same with one label. */
    totalsBy: <const L extends string>(
      name: Name,
      help: string,
      label: L,
      totals: () => Readonly<Record<string, number>>,
    ) =>
      new Counter({
        name,
        help,
        labelNames: [label],
        registers: [registry],
        collect: function collect(this: Counter<L>) {
          this.reset();
          for (const [value, total] of Object.entries(totals())) this.labels(value).inc(total);
        },
      }),
    gauge: (name: Name, help: string, level?: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers: [registry],
        ...(level === undefined
          ? {}
          : {
              collect: async function collect(this: Gauge) {
                this.set(await level());
              },
            }),
      }),
    /** A gauge with one label, whose levels are all asked when it is scraped; a value that is left out is gone. */
    gauges: <const L extends string>(
      name: Name,
      help: string,
      label: L,
      levels: () => Iterable<readonly [string, number]>,
    ) =>
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [registry],
        collect: function collect(this: Gauge<L>) {
          this.reset();
          for (const [value, level] of levels()) this.labels(value).set(level);
        },
      }),
    histogram: <const L extends string = never>(
      name: Name,
      help: string,
      buckets: number[],
      labelNames: readonly L[] = [],
    ) => new Histogram({ name, help, buckets, labelNames, registers: [registry] }),
  };
}

/** Adds process_* and nodejs_* for a program that runs alone. */
export function collectProcessMetrics({ registry }: { readonly registry: Registry }): void {
  collectDefaultMetrics({ register: registry });
}
