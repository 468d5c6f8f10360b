import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { collectFields, fragmentsOf } from './selections.ts';

/** The bounds of {@link hasRepeatedFields}. */
export interface RepetitionLimits {
  /** How many fields of one response name a selection set may have, with all selection sets of the same object. */
  readonly maxRepeated: number;
  /**
   * How many fields are visited. An operation has no more with its fragments spread, unless fragments spread each
   * other in a circle, which validation rejects.
   */
  readonly maxFields: number;
}

/** Whether a document repeats a field so often that validating it takes long. It need not be valid. */
export function hasRepeatedFields(document: DocumentNode, { maxRepeated, maxFields }: RepetitionLimits): boolean {
  const fragments = fragmentsOf(document);
  let visited = 0;
  const repeats = (selectionSets: readonly SelectionSetNode[]): boolean => {
    for (const fields of collectFields(selectionSets, fragments).values()) {
      if (fields.length > maxRepeated) return true;
      visited += fields.length;
      if (visited > maxFields) return false;
      const inner = fields.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (inner.length > 0 && repeats(inner)) return true;
    }
    return false;
  };
  return document.definitions.some((definition) => {
    visited = 0;
    return definition.kind === Kind.OPERATION_DEFINITION && repeats([definition.selectionSet]);
  });
}
