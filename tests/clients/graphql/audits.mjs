// The audits of graphql-http against a running server: what of "GraphQL over HTTP" holds. Prints one JSON list.

import { serverAudits } from 'graphql-http';

const [address] = process.argv.slice(2);
const outcomes = [];
for (const audit of serverAudits({ url: `http://${address}/graphql` })) {
    const { id, name, status, reason } = await audit.fn();
    outcomes.push({ id, name, status, reason: reason ?? null });
}
process.stdout.write(JSON.stringify(outcomes));
