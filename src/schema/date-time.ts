import { GraphQLDateTime } from 'graphql-scalars';
import { builder } from './builder.ts';

builder.addScalarType('DateTime', GraphQLDateTime);

/** Milliseconds since the epoch as the value of a `DateTime`. */
export function toDateTime(ms: number): Date;
export function toDateTime(ms: number | null): Date | null;
export function toDateTime(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
