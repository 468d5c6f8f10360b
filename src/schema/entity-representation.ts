import { BadUserInput } from '../errors.ts';
import { isJsonObject } from '../json-object.ts';
import { parseTaskId, shortened } from './task-id.ts';

/** The only entity of the subgraph. */
const ENTITY = 'VideoTask';

/**
 * The id of the task that a representation names: `{ __typename: "VideoTask", id }`, where other fields have no meaning.
 * Throws `BadUserInput` for any other value.
 */
export function parseRepresentation(representation: unknown): string {
  if (!isJsonObject(representation)) throw new BadUserInput('A representation is an object with __typename and id.');
  const { __typename: type, id } = representation;
  if (typeof type !== 'string') throw new BadUserInput('A representation needs a __typename.');
  if (type !== ENTITY) throw new BadUserInput(`This subgraph has no entity ${shortened(type)}: only ${ENTITY}.`);
  // An ID may arrive as an integer, as in a literal.
  if (Number.isSafeInteger(id)) return parseTaskId(String(id));
  if (typeof id !== 'string') throw new BadUserInput(`A representation of a ${ENTITY} needs its id.`);
  return parseTaskId(id);
}
