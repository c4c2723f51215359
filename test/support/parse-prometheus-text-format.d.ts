declare module 'parse-prometheus-text-format' {
  interface Sample {
    readonly labels?: Readonly<Record<string, string>>;
    /** Of a counter or a gauge. */
    readonly value?: string;
    /** Of a histogram: what each bucket holds, by its upper bound. */
    readonly buckets?: Readonly<Record<string, string>>;
    readonly count?: string;
    readonly sum?: string;
  }

  interface Family {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly metrics: readonly Sample[];
  }

  /** Throws for a text that is not in the text format of Prometheus. */
  export default function parsePrometheusTextFormat(text: string): Family[];
}
