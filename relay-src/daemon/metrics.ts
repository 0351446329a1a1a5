/** Makers of metrics that take only the names of a contract, in a registry of their own. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How often values were in which bucket, in plain numbers: to count a message so costs a tenth of prom-client's way. */
export class Distribution {
  /** Upper bounds of the buckets, rising. */
  readonly bounds: readonly number[];
  /** Values in each bucket alone; the last one has no bound. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** Says in prom-client's form what distributions hold, by the value of a label; those alone that hold something. */
class HistogramOf extends Histogram {
  readonly #configuration: { readonly name: string; readonly help: string };
  readonly #label: string;
  readonly #distributions: Readonly<Record<string, Distribution>>;

  constructor(
    name: string,
    help: string,
    label: string,
    distributions: Readonly<Record<string, Distribution>>,
  ) {
    super({ name, help, labelNames: [label], registers: [] });
    this.#configuration = { name, help };
    this.#label = label;
    this.#distributions = distributions;
  }

  /** What prom-client makes its text of, and the answer of `get`. */
  async getForPromString(): Promise<object> {
    const values = Object.entries(this.#distributions).flatMap(([value, distribution]) =>
      this.#valuesOf({ [this.#label]: value }, distribution),
    );
    return { ...this.#configuration, type: 'histogram', aggregator: 'sum', values };
  }

  #valuesOf(sharedLabels: Readonly<Record<string, string>>, { bounds, counts, sum }: Distribution): object[] {
    const { name } = this.#configuration;
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      const labels = { le: bounds[index] ?? '+Inf' };
      return { metricName: `${name}_bucket`, labels, sharedLabels, value: total };
    });
    if (total === 0) return [];
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels, value: total },
    ];
  }
}

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
    /** A histogram with one label of what happens with every message, counted in {@link Distribution}s. */
    histogramsBy: (
      name: Name,
      help: string,
      label: string,
      distributions: Readonly<Record<string, Distribution>>,
    ) => registry.registerMetric(new HistogramOf(name, help, label, distributions)),
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
