// What the phone keeps, in IndexedDB. One database per account: nobody's queue on a shared phone is ever sent as
// another's words. What belongs together (a page's rows and its cursor, answers and the queue) is one transaction.
//   rows    the server's documents, as they came      {c, id, rev, p: [partition], print, d}
//   outbox  what was written here and is not back yet  {mutationId, collection, id, patch, state, ...}
//           state: waiting → answered (the server has it) → removed once the row comes by pull;
//           by_hand: a denunciation, which never leaves the phone
//   photos  pictures on their way, or refused and why  {sha256, blob, refused}
//   meta    session, cursor, epoch, profile, draft, synced
const STORES = { rows: ['c', 'id'], outbox: 'mutationId', photos: 'sha256', meta: undefined };
let [db, channel] = [];
/** Tells all tabs that something is `changed`, or `queued` to be sent. */
export const changes = new EventTarget();
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export async function open(account) {
  const request = indexedDB.open(`cutri-${account}`, 1);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
  };
  db = await done(request);
  // Another tab erases the database: this one must let go of it, and has nothing to show any more.
  db.onversionchange = () => { db.close(); location.reload(); };
  channel = new BroadcastChannel(`cutri-${account}`);
  channel.onmessage = ({ data }) => changes.dispatchEvent(new Event(data));
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
/** Puts changes into the outbox; from this moment they cannot be lost. */
export const queue = (entries, also = () => {}) => write(async (tx) => {
  for (const entry of entries) tx.put('outbox', { state: 'waiting', ...entry });
  also(tx);
}, 'queued');
/** Forgets everything of this account, and begins as on the first day, with these words in every tab. */
export async function erase(words) {
  localStorage.removeItem('cutri-account');
  localStorage.setItem('cutri-farewell', words);
  db.onversionchange = null;
  db.close();
  await done(indexedDB.deleteDatabase(db.name));
  location.replace('/dien-thoai');
  return new Promise(() => {});
}
