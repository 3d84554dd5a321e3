// What the phone keeps, in IndexedDB. One database per account: nobody's queue on a shared phone is ever sent as
// another's words. What belongs together (a page's rows and its cursor, answers and the queue) is one transaction.
//   rows    the server's documents, as they came      {c, id, rev, p: [partition], print, d}
//   outbox  what was written here and is not back yet  {mutationId, collection, id, patch, state, ...}
//           state: waiting → answered (the server has it) → removed once the row comes by pull, or, of what it did not
//           take (isRefused), once the issue is settled;
//           by_hand: a denunciation, which never leaves the phone
//   photos  pictures on their way; kept with a draft or a denunciation, not to be sent; refused, and why; or sent, and
//           kept for some weeks                        {sha256, blob, isKept, refused, sentAt}
//   meta    session, cursor, epoch, profile, draft, synced, exported
const STORES = [['rows', ['c', 'id']], ['outbox', 'mutationId'], ['photos', 'sha256'], ['meta']];
let [base, channel] = [];
/** Tells all tabs that something is `changed`, or `queued` to be sent; and this one that its store is `closed` to it. */
export const changes = new EventTarget();
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function opened(account) {
  const request = indexedDB.open(`cutri-${account}`, 1);
  request.onupgradeneeded = () => { for (const [name, keyPath] of STORES) request.result.createObjectStore(name, { keyPath }); };
  return done(request);
}

/** Whose store is open. */
export let owner;
/** The connection. One that the browser closed (its data cleared, a disk that failed) is opened again by whoever needs it. */
const connected = () => (base ??= opened(owner).then((db) => {
  db.onclose = () => { base = null; changes.dispatchEvent(new Event('changed')); };
  // Another tab erases the database: this one has nothing to show any more. Or a newer page has it now: this one can only say so.
  db.onversionchange = ({ newVersion }) => { db.close(); if (newVersion) db.onclose(); else location.reload(); };
  return db;
}, (error) => { base = null; changes.dispatchEvent(new CustomEvent('closed', { detail: error })); throw error; }));
export async function open(account) {
  owner = account;
  await connected();
  channel = new BroadcastChannel(`cutri-${account}`);
  channel.onmessage = ({ data }) => changes.dispatchEvent(new Event(data));
}
/** Puts the session of whoever signed in into his own store. The one that is open goes on being of the person who wrote in
 * it, and nothing of it is ever sent by anybody else: who took over the phone begins with a page of his own. */
export async function handOver(account, session) {
  const other = await opened(account);
  await write(async (tx) => {
    tx.put('meta', session, 'session');
    // What was refused may have been because of who asked, and how: it is offered once more.
    for (const { refused, ...photo } of await tx.all('photos')) if (refused) tx.put('photos', photo);
  }, 'changed', other);
  other.close();
}

/** Runs `work` in one transaction; when this resolves, all of it is on the disk, or, if it throws, nothing. */
export async function write(work, news = 'changed', into = connected()) {
  const tx = (await into).transaction(STORES.map(([name]) => name), 'readwrite', { durability: 'strict' });
  const ended = new Promise((resolve, reject) => { tx.oncomplete = resolve; tx.onabort = () => reject(tx.error); });
  const result = await work({
    get: (store, key) => done(tx.objectStore(store).get(key)),
    all: (store) => done(tx.objectStore(store).getAll()),
    put: (store, value, key) => tx.objectStore(store).put(value, key),
    delete: (store, key) => tx.objectStore(store).delete(key),
    clear: (store) => tx.objectStore(store).clear(),
  }).catch((error) => { ended.catch(() => {}); tx.abort(); throw error; });
  await ended;
  for (const event of new Set(['changed', news])) { changes.dispatchEvent(new Event(event)); channel?.postMessage(event); }
  return result;
}

const read = async (store, how) => done(how((await connected()).transaction(store).objectStore(store)));
export const get = (store, key) => read(store, (it) => it.get(key));
export const all = (store) => read(store, (it) => it.getAll());
export const rowsOf = (collection) => read('rows', (it) => it.getAll(IDBKeyRange.bound([collection], [collection, []])));
export const meta = (name) => get('meta', name);
export const setMeta = (name, value) => write(async (tx) => { tx.put('meta', value, name); });
/** Puts changes into the outbox; from this moment they cannot be lost. Each says whose words it holds, so that the server
 * refuses it from anybody else. */
export const queue = (entries, also = () => {}) => write(async (tx) => {
  for (const entry of entries) tx.put('outbox', { state: 'waiting', ...entry, patch: { ...entry.patch, authorId: owner } });
  await also(tx);
}, 'queued');
/** As many entries as go out at once: 500, and not much more than a slow line carries in a minute. */
export const portion = (entries, bytes = 0) => entries.slice(0, 500)
  .filter((entry, i) => (bytes += JSON.stringify(entry).length * 3) < 400_000 || i === 0);
/** Forgets everything of this account, and begins as on the first day, with these words in every tab. */
export async function erase(words) {
  localStorage.removeItem('cutri-account');
  localStorage.setItem('cutri-farewell', words);
  (await connected()).close();
  await done(indexedDB.deleteDatabase(`cutri-${owner}`));
  location.replace('/dien-thoai');
  return new Promise(() => {});
}
