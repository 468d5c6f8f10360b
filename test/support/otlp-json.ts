type Value = string | number | boolean | readonly Value[];

/** The value of an attribute in OTLP's JSON. */
export interface JsonValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly boolValue?: boolean;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly JsonValue[] };
}

export interface JsonAttribute {
  readonly key: string;
  readonly value: JsonValue;
}

/** The position of a span in its trace. */
export interface JsonLink {
  readonly traceId: string;
  readonly spanId: string;
}

export interface JsonSpan extends JsonLink {
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: readonly JsonAttribute[];
  readonly links?: readonly JsonLink[];
  readonly status?: { readonly code?: number };
}

/** The body of an export: an `ExportTraceServiceRequest`. */
export interface JsonExport {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly JsonAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
  }[];
}

type Attributes = Readonly<Record<string, Value>>;

/** A span as a collector receives it. `kind`: 1 internal, 2 server, 3 client; `status`: 2 is an error. */
export interface ReceivedSpan extends JsonLink {
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly status: number;
  readonly attributes: Attributes;
  readonly links: readonly JsonLink[];
  /** The attributes of the process that wrote the span. */
  readonly resource: Attributes;
}

/** The spans of an export, in its order. */
export function spansOf({ resourceSpans }: JsonExport): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const shared = attributesOf(resource?.attributes);
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ parentSpanId = '', status, attributes, links = [], ...span }) => ({
        ...span,
        parentSpanId,
        status: status?.code ?? 0,
        attributes: attributesOf(attributes),
        links,
        resource: shared,
      }));
  });
}

function attributesOf(attributes: readonly JsonAttribute[] = []): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));
}

function readValue({ stringValue, intValue, boolValue, doubleValue, arrayValue }: JsonValue): Value {
  if (arrayValue) return arrayValue.values.map(readValue);
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? boolValue ?? doubleValue ?? '';
}
