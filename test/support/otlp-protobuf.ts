import type { JsonAttribute, JsonExport, JsonLink, JsonSpan, JsonValue } from './otlp-json.ts';
import { ProtobufMessage } from './protobuf-message.ts';

/**
 * The body of an export in protobuf, as OTLP's JSON has it. The numbers of the fields come from trace.proto, common.proto
 * and trace_service.proto in https://github.com/open-telemetry/opentelemetry-proto
 */
export function decodeExport(body: Buffer): JsonExport {
  const resourceSpans = new ProtobufMessage(body).messages(1).map((of) => ({
    resource: { attributes: of.messages(1).flatMap((resource) => resource.messages(1).map(attributeOf)) },
    scopeSpans: of.messages(2).map((scope) => ({ spans: scope.messages(2).map(spanOf) })),
  }));
  return { resourceSpans };
}

function spanOf(span: ProtobufMessage): JsonSpan {
  return {
    ...linkOf(span),
    parentSpanId: span.bytes(4).toString('hex'),
    name: span.text(5),
    kind: span.integer(6),
    attributes: span.messages(9).map(attributeOf),
    links: span.messages(13).map(linkOf),
    status: { code: span.messages(15).at(-1)?.integer(3) ?? 0 },
  };
}

/** The ids have the same numbers in a span and in a link. */
function linkOf(message: ProtobufMessage): JsonLink {
  return { traceId: message.bytes(1).toString('hex'), spanId: message.bytes(2).toString('hex') };
}

function attributeOf(attribute: ProtobufMessage): JsonAttribute {
  const [value] = attribute.messages(2);
  return { key: attribute.text(1), value: value ? anyValueOf(value) : {} };
}

/** Throws at a kind of value that the gateway has not sent so far. */
function anyValueOf(value: ProtobufMessage): JsonValue {
  if (value.has(1)) return { stringValue: value.text(1) };
  if (value.has(2)) return { boolValue: value.integer(2) === 1 };
  if (value.has(3)) return { intValue: value.integer(3) };
  const [array] = value.messages(5);
  if (array) return { arrayValue: { values: array.messages(1).map(anyValueOf) } };
  throw new TypeError('an attribute is no string, boolean, integer or array');
}
