/** The labels of an exemplar: a measured value points at the trace of its call or poll. */
export type Exemplar = Readonly<Record<'trace_id' | 'span_id', string>>;
