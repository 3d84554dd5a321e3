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
const STORES = { rows: ['c', 'id'], outbox: 'mutationId', photos: 'sha256', meta: undefined };
let [db, channel] = [];
/** Tells all tabs that something is `changed`, or `queued` to be sent. */
export const changes = new EventTarget();
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function opened(account) {
  const request = indexedDB.open(`cutri-${account}`, 1);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
  };
  return done(request);
}

/** Whose store is open. */
export let owner;
export async function open(account) {
  [db, owner] = [await opened(account), account];
  // Another tab erases the database: this one must let go of it, and has nothing to show any more.
  db.onversionchange = () => { db.close(); location.reload(); };
  channel = new BroadcastChannel(`cutri-${account}`);
  channel.onmessage = ({ data }) => changes.dispatchEvent(new Event(data));
}
/** Puts the session of whoever signed in into his own store. The one that is open goes on being of the person who wrote in
 * it, and nothing of it is ever sent by anybody else: who took over the phone begins with a page of his own. */
export async function handOver(account, session) {
  const other = await opened(account);
  await done(other.transaction('meta', 'readwrite', { durability: 'strict' }).objectStore('meta').put(session, 'session'));
  other.close();
}

/** Runs `work` in one transaction; when this resolves, all of it is on the disk, or, if it throws, nothing. */
export async function write(work, news = 'changed') {
  const tx = db.transaction(Object.keys(STORES), 'readwrite', { durability: 'strict' });
  const ended = new Promise((resolve, reject) => { tx.oncomplete = resolve; tx.onabort = () => reject(tx.error); });
  const result = await work({
    get: (store, key) => done(tx.objectStore(store).get(key)),
    all: (store) => done(tx.objectStore(store).getAll()),
    put: (store, value, key) => tx.objectStore(store).put(value, key),
    delete: (store, key) => tx.objectStore(store).delete(key),
    clear: (store) => tx.objectStore(store).clear(),
  }).catch((error) => { tx.abort(); ended.catch(() => {}); throw error; });
  await ended;
  for (const event of new Set(['changed', news])) {
    changes.dispatchEvent(new Event(event));
    channel.postMessage(event);
  }
  return result;
}

const reading = (store) => db.transaction(store).objectStore(store);
export const get = (store, key) => done(reading(store).get(key));
export const all = (store) => done(reading(store).getAll());
export const rowsOf = (collection) => done(reading('rows').getAll(IDBKeyRange.bound([collection], [collection, []])));
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
  db.close();
  await done(indexedDB.deleteDatabase(db.name));
  location.replace('/dien-thoai');
  return new Promise(() => {});
}
