// Validates GraphQL documents against a schema with graphql-js, as clients' tools do. Takes
// {schema, documents: [{where, text}]} on stdin, prints a JSON list of what is wrong.

import { text } from 'node:stream/consumers';
import { buildSchema, parse, validate } from 'graphql';

const { schema, documents } = JSON.parse(await text(process.stdin));
const built = buildSchema(schema);
const wrong = [];
for (const { where, text: document } of documents) {
    try {
        wrong.push(...validate(built, parse(document)).map((error) => `${where}: ${error.message}`));
    } catch (error) {
        wrong.push(`${where}: ${error.message}`);
    }
}
process.stdout.write(JSON.stringify(wrong));
