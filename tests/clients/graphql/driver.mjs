// Drives unmodified graphql-ws and graphql-sse clients: a command per line on stdin, an answer per line on stdout,
// both JSON. What should come out is for the tests to say (tests/it/graphql_clients.rs).

import { createInterface } from 'node:readline';
import { createClient as createSocketClient } from 'graphql-ws';
import { createClient as createEventClient } from 'graphql-sse';
import WebSocket from 'ws';

const [address] = process.argv.slice(2);
const clients = new Map();
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const authorization = (client) => (client.token ? { Authorization: `Bearer ${client.token}` } : {});

/** What a defective client might do, by the library's own means: it hands the socket to whoever listens. */
const pranks = {
    early: { opened: (socket) => socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } })) },
    nonsense: { opened: (socket) => socket.send('nonsense') },
    twice: { connected: (socket) => socket.send(JSON.stringify({ type: 'connection_init' })) },
};

function socketClient(client, { prank, sameId, hesitates }) {
    const made = createSocketClient({
        url: `ws://${address}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: async () => {
            if (hesitates && client.told.connecting.length === 1) await pause(hesitates);
            return { headers: authorization(client) };
        },
        retryAttempts: Infinity,
        retryWait: () => pause(200),
        // Otherwise an address that nobody serves for a moment is the end of it.
        shouldRetry: () => true,
        ...(sameId ? { generateID: () => 'same' } : {}),
    });
    for (const [event, listener] of Object.entries(pranks[prank] ?? {})) made.on(event, listener);
    made.on('connecting', (again) => client.told.connecting.push(again));
    made.on('closed', ({ code, reason }) => client.told.closed.push({ code, reason }));
    return made;
}

function eventClient(client) {
    return createEventClient({
        url: `http://${address}/graphql`,
        singleConnection: false,
        headers: () => authorization(client),
        retryAttempts: Infinity,
        retry: () => pause(200),
        on: { connecting: (again) => client.told.connecting.push(again) },
    });
}

/** How an operation ended: `complete`, a list of errors, or what happened to its connection. */
function ending(error) {
    if (Array.isArray(error)) return { errors: error };
    if (error?.response) return { status: error.response.status };
    return { code: error?.code ?? null, message: String(error?.message ?? error?.reason ?? error) };
}

const commands = {
    open({ client: name, kind, token, ...given }) {
        const client = { token, operations: new Map(), told: { connecting: [], closed: [] } };
        client.made = kind === 'ws' ? socketClient(client, given) : eventClient(client);
        clients.set(name, client);
    },

    /** Begins an operation of any kind. */
    begin({ client: name, operation, query, variables }) {
        const client = clients.get(name);
        const running = { results: [], end: null };
        running.stop = client.made.subscribe({ query, variables }, {
            next: (result) => running.results.push(result),
            error: (error) => { running.end = ending(error); },
            complete: () => { running.end = { complete: true }; },
        });
        client.operations.set(operation, running);
    },

    /** Waits until an operation ended; what came, and how it ended. */
    async ended({ client: name, operation }) {
        const running = clients.get(name).operations.get(operation);
        while (!running.end) await pause(10);
        return { results: running.results, end: running.end };
    },

    /** Waits until a result of an operation has this text in it; the result. */
    async see({ client: name, operation, text }) {
        const running = clients.get(name).operations.get(operation);
        for (;;) {
            const seen = running.results.find((result) => JSON.stringify(result).includes(text));
            if (seen) return seen;
            if (running.end) throw new Error(`ended: ${JSON.stringify(running.end)}`);
            await pause(10);
        }
    },

    /** Waits until a client began to connect so many times. */
    async connecting({ client: name, times }) {
        const { told } = clients.get(name);
        while (told.connecting.length < times) await pause(10);
    },

    /** Waits until a socket was closed with this code. */
    async closed({ client: name, code }) {
        const { told } = clients.get(name);
        while (!told.closed.some((event) => event.code === code)) await pause(10);
    },

    stop({ client: name, operation }) {
        clients.get(name).operations.get(operation).stop();
    },

    token({ client: name, token }) {
        clients.get(name).token = token;
    },

    /** What happened to its connections. */
    told({ client: name }) {
        return clients.get(name).told;
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
