// Upload and download (docs/sync.md): the outbox goes out, what changed comes in, and both agree by a digest. One tab
// at a time does it, under a lock; the others see what it stored.
import { ask, NoAnswer, SignIn } from './api.js';
import { newId, fingerprint, digestOf } from './ids.js';
import { sendPhotos } from './photo.js';
import { all, changes, erase, meta, portion, write } from './store.js';
// Without the 14,000 units: `viewer` names a delegate's own places.
const COLLECTIONS = ['agency', 'meeting', 'meetingRecord', 'feedback', 'petition', 'informing', 'urging', 'agenda', 'syncIssue'];
const PAGE = 'partitions changes { p c op id rev d } cursor epoch more digest wipe';
const PUSH = `mutation($rows: [JSON!]!, $cursor: String) { syncPush(rows: $rows, cursor: $cursor) {
  results { status rev errors { code } } pull { ${PAGE} } } }`;
const PULL = `query($cursor: String, $collections: [String!], $waitMs: Int, $maxBytes: Int) {
  syncPull(cursor: $cursor, collections: $collections, waitMs: $waitMs, maxBytes: $maxBytes) { ${PAGE} } }`;
const SUMS = 'query($cursor: String) { syncDigest(cursor: $cursor) { sums { partition collection count sum } } }';
const REPAIR = `query($partition: String!, $collection: String!, $bucket: String, $held: [String!]!) {
  syncRepair(partition: $partition, collection: $collection, bucket: $bucket, held: $held) {
  partitions changes { p c op id rev d } } }`;
const PROFILE = '{ viewer { account { id name } units { id name } mandates { id } } codeLists { name entries { code label } } }';
/** What a phone may write of its own rows, and whose they are; offered again when the server stands on an older copy. */
const WRITABLE = Object.fromEntries(Object.entries({
  meetingRecord: 'meetingId startedAt endedAt invited attended speakers opinionCount attendanceBands minutesDraft attending '
    + 'absenceReason attachments',
  feedback: 'meetingId unitId subUnit channel origin kind subject content wanted affected since evidence answeredOnSpot '
    + 'onSpotAnswer trackingCode recordedAt receiptNumber receivedOn receivingAgencyId attachments',
  informing: 'petitionId at channel meetingId note satisfaction',
  urging: 'targetKind targetId toAgencyId how text documentNumber at',
}).map(([collection, names]) => [collection, `${names} authorId`.split(' ')]));
/** Puts and removes the rows of a page; an answered change leaves the outbox with the row that it became. */
async function putRows(tx, page, prints, outbox) {
  for (const [i, { p, c, op, id, rev, d }] of page.changes.entries()) {
    if (op === 'gone') tx.delete('rows', [c, id]);
    else tx.put('rows', { c, id, rev, p: p.map((place) => page.partitions[place]), print: prints[i], d });
    for (const entry of outbox.filter(({ state }) => state === 'answered')) {
      // What was not taken stays, to be corrected without a signal, until its issue is settled; the row is another's then.
      const isBack = !entry.isRefused && entry.collection === c && entry.id === id;
      const isTold = c === 'syncIssue' && d?.mutationId === entry.mutationId && !(entry.isRefused && d.status === 'open');
      if (isBack || isTold) tx.delete('outbox', entry.mutationId);
    }
  }
}

const printsOf = ({ changes }) => Promise.all(changes.map(({ id, rev }) => rev && fingerprint(id, rev)));
/** The rows of a page and its cursor, in one transaction. Tells whether the server is still what it was. */
async function apply(page) {
  const prints = await printsOf(page);
  return write(async (tx) => {
    const [epoch, cursor, outbox] = [await tx.get('meta', 'epoch'), await tx.get('meta', 'cursor'), await tx.all('outbox')];
    // What was sent before anything was read went to who knows which database.
    const isSame = epoch ? epoch === page.epoch : !outbox.some(({ state }) => state === 'answered');
    // Read from the start: what is no more does not come as gone.
    if (isSame && !cursor) tx.clear('rows');
    await (isSame ? putRows(tx, page, prints, outbox) : offerAgain(tx, outbox));
    if (isSame) tx.put('meta', page.cursor, 'cursor');
    tx.put('meta', page.epoch, 'epoch');
    return isSame;
  });
}
/** The server stands on an older copy: one's own rows and photos go out again, with those not yet read back; then reading
 * begins anew. */
async function offerAgain(tx, outbox) {
  const { account } = await tx.get('meta', 'profile') ?? {};
  for (const { c, id, rev, d } of await tx.all('rows')) {
    if (!WRITABLE[c] || d.authorId !== account?.id) continue;
    const patch = Object.fromEntries(WRITABLE[c].filter((name) => d[name] != null).map((name) => [name, d[name]]));
    const entry = { mutationId: newId(), collection: c, id, state: 'waiting' };
    tx.put('outbox', { ...entry, baseRev: rev, patch });
    // What was taken back stays so. The outbox goes out in the order of its names: right after the words.
    if (d.status === 'withdrawn') tx.put('outbox', { ...entry, mutationId: `${entry.mutationId}-`, delete: true });
  }
  for (const entry of outbox) if (entry.state === 'answered') tx.put('outbox', { ...entry, state: 'waiting', isRefused: false });
  for (const photo of await tx.all('photos')) if (photo.sentAt) tx.put('photos', { ...photo, sentAt: undefined });
  tx.clear('rows');
  tx.delete('meta', 'cursor');
}
/** Uploads what waits, at most 500 rows and 4 MiB, under the same mutationId until there is an answer. What a row came to
 * is in the next pages: the row, or a `syncIssue`. (Edited is only what was sent back; of a conflict the server keeps both.) */
async function push() {
  for (;;) {
    const waiting = portion((await all('outbox')).filter(({ state }) => state === 'waiting'));
    if (!waiting.length) return;
    const rows = waiting.map(({ state, isRefused, ...row }) => row);
    const { syncPush } = await ask(PUSH, { rows, cursor: await meta('cursor') }, { seconds: 120 });
    await write(async (tx) => {
      for (const [i, { status, rev, errors }] of syncPush.results.entries()) {
        const here = await tx.get('rows', [waiting[i].collection, waiting[i].id]);
        const isRefused = ['REJECTED', 'CONFLICT'].includes(status);
        const state = errors[0]?.code === 'DENUNCIATION_BY_HAND' ? 'by_hand' : 'answered';
        if (!isRefused && here?.rev === rev) tx.delete('outbox', waiting[i].mutationId);
        else tx.put('outbox', { ...waiting[i], state, isRefused });
      }
    });
    // A device that was given up offers everything first; the pull says again that it has to forget.
    if (syncPush.pull) await apply(syncPush.pull);
  }
}
/** Downloads until nothing is pending, then compares. */
async function pull() {
  for (let page; !page || page.more;) {
    page = (await ask(PULL, { cursor: await meta('cursor'), collections: COLLECTIONS })).syncPull;
    if (!await apply(page)) return push().then(pull);
    if (page.wipe) return erase(await farewell());
    if (page.digest && page.digest !== digestOf(await all('rows'))) await repair();
  }
}
/** What became of what is erased: rows were handed in first, but those of a stolen phone are not taken; photos are not taken
 * from a device that was given up, and a denunciation never leaves the phone. */
async function farewell() {
  const photos = (await all('photos')).filter(({ sentAt }) => !sentAt).length;
  const { waiting: rows = [], by_hand: byHand = [] } = Object.groupBy(await all('outbox'), ({ state }) => state);
  const lost = [rows.length && `${rows.length} việc chưa nộp được`, photos && `${photos} ảnh chưa gửi`,
    byHand.length && `${byHand.length} tố cáo chưa bàn giao`].filter(Boolean).join(', ');
  const handedIn = rows.length ? '' : ', phiếu chưa gửi đã được nộp';
  return `Thiết bị này đã bị thu hồi${handedIn}; dữ liệu trên máy đã xóa hết${lost && `, kể cả ${lost}`}.`;
}

/** Finds where this phone differs from the server, and asks for exactly that. */
async function repair() {
  const places = (await all('rows')).flatMap((row) => row.p.map((place) => ({ ...row, p: [place], key: `${place} ${row.c}` })));
  const held = Map.groupBy(places, ({ key }) => key);
  const { sums } = (await ask(SUMS, { cursor: await meta('cursor') })).syncDigest;
  const told = new Map(sums.map(({ partition, collection, count, sum }) => [`${partition} ${collection}`, `${count}:${sum}`]));
  for (const key of new Set([...held.keys(), ...told.keys()])) {
    const [partition, collection] = key.split(' ');
    const here = held.get(key) ?? [];
    if (!COLLECTIONS.includes(collection) || digestOf(here) === (told.get(key) ?? digestOf([]))) continue;
    const parts = here.length > 5_000 ? Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')) : [null];
    for (const bucket of parts) {
      const names = here.filter(({ id }) => id.endsWith(bucket ?? '')).map(({ id, rev }) => `${id}:${rev}`);
      const { syncRepair } = await ask(REPAIR, { partition, collection, bucket, held: names });
      const prints = await printsOf(syncRepair);
      await write(async (tx) => putRows(tx, syncRepair, prints, await tx.all('outbox')));
    }
  }
}

async function once() {
  try {
    // What this phone holds is offered before anything is read: it may be about to be erased.
    await push().catch((error) => { if (error.code !== 'DEVICE_REVOKED') throw error; });
    await pull();
  } catch (error) {
    if (error.code !== 'INVALID_CURSOR') throw error;
    // Rows stay until it is known whose cursor it was: if the server stands on an older copy they go out again first.
    await write(async (tx) => tx.delete('meta', 'cursor'));
    return once();
  }
  const { viewer, codeLists } = await ask(PROFILE);
  const lists = Object.fromEntries(codeLists.map(({ name, entries }) => [name, entries]));
  await write(async (tx) => { tx.put('meta', { ...viewer, lists }, 'profile'); tx.put('meta', Date.now(), 'synced'); });
  // Photos take long on a thin line: what is written, and what is new, goes before each piece.
  await sendPhotos(() => push().then(pull));
}

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1_000); });
let wake = () => {};
/** There is something to send, or a signal again: do not wait any longer. */
export const nudge = () => wake();
for (const event of ['online', 'visibilitychange']) addEventListener(event, nudge);
changes.addEventListener('queued', nudge);
/** Syncs for ever; `tell` hears how it stands: ok, busy, waiting, signin. */
export async function run(tell) {
  for (let failures = 0; ;) {
    const nudged = new Promise((resolve) => { wake = () => resolve(true); });
    const stop = new AbortController();
    try {
      tell('busy');
      await navigator.locks.request('cutri-sync', once);
      failures = 0;
      tell('ok');
      await Promise.race([nudged, news(stop.signal)]);
    } catch (error) {
      if (!(error instanceof NoAnswer || error instanceof SignIn)) console.error(error);
      // After 1, 2, 4, ... seconds, at most two minutes, and not all phones at the same moment.
      tell(error instanceof SignIn ? 'signin' : 'waiting');
      const seconds = Math.min(2 ** failures++, 120) * (0.75 + Math.random() / 2);
      await Promise.race([nudged, pause(Math.max(error.seconds ?? 0, seconds))]);
    }
    stop.abort();
  }
}
/** Ends when there is something new: who looks at the page waits on the server, the others ask once a minute. */
async function news(signal) {
  if (document.visibilityState !== 'visible') return pause(60);
  for (;;) {
    const [cursor, epoch] = await Promise.all([meta('cursor'), meta('epoch')]);
    const asked = { cursor, collections: COLLECTIONS, waitMs: 25_000, maxBytes: 1_024 };
    const { syncPull: told } = await ask(PULL, asked, { signal, seconds: 45 });
    if (told.changes.length || told.wipe || told.epoch !== epoch) return undefined;
  }
}
