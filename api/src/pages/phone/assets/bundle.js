// Without any network: what waits, sealed in a file that anybody may carry to where there is one (`/goi` there).
import { atVietnam, newId } from './ids.js';
import { all, meta } from './store.js';
const utf8 = (words) => new TextEncoder().encode(words);
const bytes = (base64url) => Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const base64 = (...parts) => btoa(parts.flatMap((part) => [...part]).map((byte) => String.fromCharCode(byte)).join(''));
/** The body of a push, sealed for the server. The rows stay in the outbox: arriving by both roads, they are stored once. */
export async function bundle() {
  const { deviceId: device, bundleKey } = await meta('session');
  const account = (await meta('profile')).account.id;
  const line = JSON.stringify({ format: 'cutri-bundle/1', account, device, id: newId(), createdAt: atVietnam() });
  const rows = (await all('outbox')).filter(({ state }) => state === 'waiting').slice(0, 500).map(({ state, ...row }) => row);
  const key = await crypto.subtle.importKey('raw', bytes(bundleKey), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cipher = { name: 'AES-GCM', iv, additionalData: utf8(line) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher, key, utf8(JSON.stringify({ rows }))));
  return new Blob([`${line}\n${base64(iv, sealed)}\n`], { type: 'application/octet-stream' });
}
