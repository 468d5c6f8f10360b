import { GraphQLURL } from 'graphql-scalars';
import { builder } from './builder.ts';

builder.addScalarType('URL', GraphQLURL);
