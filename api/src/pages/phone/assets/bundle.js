// Without any network: what waits, sealed in a file that anybody may carry to where there is one (`/goi` there).
import { atVietnam, newId } from './ids.js';
import { all, meta, owner, portion, setMeta } from './store.js';
const utf8 = (words) => new TextEncoder().encode(words);
const bytes = (base64url) => Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const base64 = (...parts) => btoa(parts.flatMap((part) => [...part]).map((byte) => String.fromCharCode(byte)).join(''));
/** What waits, and how much of it is in no file yet. */
export async function unexported() {
  const [waiting, exported] = [(await all('outbox')).filter(({ state }) => state === 'waiting'), await meta('exported') ?? []];
  return [waiting, waiting.filter(({ mutationId }) => !exported.includes(mutationId))];
}

/** The body of a push, sealed for the server. The rows stay in the outbox: arriving by both roads, they are stored once.
 * Where one file does not hold all, the next one has the next; after the last it begins anew. */
export async function bundle() {
  const { deviceId: device, bundleKey } = await meta('session');
  const line = JSON.stringify({ format: 'cutri-bundle/1', account: owner, device, id: newId(), createdAt: atVietnam() });
  const [waiting, fresh] = await unexported();
  const chosen = portion(fresh.length ? fresh : waiting);
  const rows = chosen.map(({ state, isRefused, ...row }) => row);
  const key = await crypto.subtle.importKey('raw', bytes(bundleKey), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cipher = { name: 'AES-GCM', iv, additionalData: utf8(line) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher, key, utf8(JSON.stringify({ rows }))));
  const before = fresh.length ? await meta('exported') ?? [] : [];
  await setMeta('exported', [...before, ...chosen.map(({ mutationId }) => mutationId)].slice(-2_000));
  return new Blob([`${line}\n${base64(iv, sealed)}\n`], { type: 'application/octet-stream' });
}
