// Drives unmodified RxDB clients: a command per line on stdin, an answer per line on stdout, both JSON.
// It knows RxDB and what `cutri schema --rxdb` prints, and nothing of the server. What should come out is for the
// tests to say (tests/it/rxdb_client.rs).

import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { addRxPlugin, createRxDatabase } from 'rxdb/plugins/core';
import { RxDBDevModePlugin, disableWarnings } from 'rxdb/plugins/dev-mode';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv';
import {
    pullQueryBuilderFromRxSchema, pullStreamBuilderFromRxSchema, pushQueryBuilderFromRxSchema, replicateGraphQL,
} from 'rxdb/plugins/replication-graphql';

const [address, schemaFile] = process.argv.slice(2);
const published = JSON.parse(readFileSync(schemaFile, 'utf8'));
disableWarnings();
addRxPlugin(RxDBDevModePlugin);

const clients = new Map();

/** A road that can be told to break: the request arrives, the answer does not. */
function road(client) {
    return async (request) => {
        const body = await request.clone().json();
        client.requests.push(body.operationName);
        // Of its own a fetch would wait for minutes for an answer that never comes.
        const response = await fetch(request, { signal: AbortSignal.timeout(60_000) });
        if (client.lost > 0 && body.query.startsWith('mutation')) {
            client.lost -= 1;
            await response.arrayBuffer();
            throw new Error('the answer was lost');
        }
        return response;
    };
}

const commands = {
    /** A client with empty collections, offline. */
    async open({ client: name, token, collections, batchSize, live, retryTime }) {
        const storage = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });
        const db = await createRxDatabase({ name: `${name}${Date.now()}`, storage, multiInstance: false });
        const creators = {};
        for (const collection of collections) creators[collection] = { schema: published.collections[collection].schema };
        await db.addCollections(creators);
        clients.set(name, {
            db, token, collections, live, replications: [], errors: [], requests: [], lost: 0,
            batchSize: batchSize ?? published.settings.pull.batchSize,
            retryTime: retryTime ?? published.settings.retryTime,
        });
    },

    /** Begins to replicate; without `live` the replications go on until they are in sync, and end. Of another epoch of the
     * server it is another replication. */
    async start({ client: name, epoch }) {
        const client = clients.get(name);
        const { settings } = published;
        client.replications = client.collections.map((collection) => {
            const { schema } = published.collections[collection];
            const builder = { schema, checkpointFields: settings.checkpointFields, deletedField: settings.deletedField };
            const isLive = client.live ?? false;
            const replication = replicateGraphQL({
                collection: client.db[collection],
                replicationIdentifier: `cutri-${collection}-${epoch ?? ''}`,
                url: { http: `http://${address}/graphql`, ...(isLive ? { ws: `ws://${address}/graphql` } : {}) },
                headers: { Authorization: `Bearer ${client.token}` },
                deletedField: settings.deletedField,
                retryTime: client.retryTime,
                live: true,
                fetch: road(client),
                pull: {
                    queryBuilder: pullQueryBuilderFromRxSchema(collection, builder),
                    batchSize: client.batchSize,
                    ...(isLive ? {
                        streamQueryBuilder: pullStreamBuilderFromRxSchema(collection, builder),
                        includeWsHeaders: settings.pull.includeWsHeaders,
                        wsOptions: {
                            ...settings.pull.wsOptions,
                            connectionParams: async () => ({ headers: { Authorization: `Bearer ${client.token}` } }),
                        },
                    } : {}),
                },
                // Also where nothing may be written: what a user changes there has to be undone by the server.
                push: { queryBuilder: pushQueryBuilderFromRxSchema(collection, builder), batchSize: settings.push.batchSize },
            });
            replication.error$.subscribe((error) => {
                const told = error.parameters?.errors ?? [];
                client.errors.push(...told.map((one) => one.extensions?.code ?? one.message ?? String(one)));
            });
            return replication;
        });
        await commands.settle({ client: name, first: true });
    },

    /** Pulls and pushes until nothing is pending. */
    async settle({ client: name, first }) {
        const client = clients.get(name);
        const again = () => client.replications.forEach((replication) => replication.reSync());
        if (!first) again();
        // As an app does when it comes back to the front. Once, not understood yet, a replication waited for ever after a
        // server had been killed under it.
        const nudge = setInterval(again, 30_000);
        await Promise.all(client.replications.map((replication) => replication.awaitInSync())).finally(() => clearInterval(nudge));
    },

    /** Ends the replications; the documents stay. */
    async offline({ client: name }) {
        const client = clients.get(name);
        await Promise.all(client.replications.map((replication) => replication.cancel()));
        client.replications = [];
    },

    /** Ends a client; the open-source RxDB allows 13 collections at a time. */
    async close({ client: name }) {
        await commands.offline({ client: name });
        await clients.get(name).db.close();
        clients.delete(name);
    },

    async insert({ client: name, collection, documents }) {
        await clients.get(name).db[collection].bulkInsert(documents);
    },

    async patch({ client: name, collection, id, members }) {
        const document = await clients.get(name).db[collection].findOne(id).exec();
        await document.incrementalPatch(members);
    },

    async remove({ client: name, collection, id }) {
        const document = await clients.get(name).db[collection].findOne(id).exec();
        await document.incrementalRemove();
    },

    /** The documents of a collection, by id. */
    async rows({ client: name, collection }) {
        const found = await clients.get(name).db[collection].find().exec();
        return Object.fromEntries(found.map((document) => [document.id, document.toJSON()]));
    },

    /** Waits until a collection has a document with these members, without asking for anything. */
    async see({ client: name, collection, id, members, seconds }) {
        const until = Date.now() + seconds * 1000;
        for (;;) {
            const document = await clients.get(name).db[collection].findOne(id).exec();
            const seen = document?.toJSON();
            if (members === null ? !seen : seen && Object.entries(members).every(([key, value]) => seen[key] === value)) return true;
            if (Date.now() > until) return false;
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
    },

    /** The next so many answers to pushes are lost. */
    async lose({ client: name, answers }) {
        clients.get(name).lost = answers;
    },

    async token({ client: name, token }) {
        const client = clients.get(name);
        client.token = token;
        for (const replication of client.replications) replication.setHeaders({ Authorization: `Bearer ${token}` });
    },

    /** What was asked and what went wrong since this was last asked. */
    async told({ client: name }) {
        const client = clients.get(name);
        return { requests: client.requests.splice(0), errors: client.errors.splice(0) };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...given } = JSON.parse(line);
    let answer;
    try {
        answer = { done: (await commands[command](given)) ?? null };
    } catch (error) {
        answer = { failed: `${command}: ${error.stack ?? error}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
