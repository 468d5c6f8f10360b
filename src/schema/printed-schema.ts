import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isIntrospectionType,
  isScalarType,
  isSpecifiedScalarType,
  printType,
} from 'graphql';

/** A schema as text, for people to read from the top: the operations, then their types, the scalars last. */
export function printedSchema(schema: GraphQLSchema): string {
  const rank = (type: GraphQLNamedType): number => {
    if (type === schema.getQueryType() || type === schema.getSubscriptionType()) return 0;
    return isScalarType(type) ? 2 : 1;
  };
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .sort((a, b) => rank(a) - rank(b));
  return `${types.map(printType).join('\n\n')}\n`;
}
