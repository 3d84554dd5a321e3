// Photos: made small, named by their content, sent by tus 1.0 in pieces, so that a cut costs one piece. They never hold
// up the outbox: a row names its photos by SHA-256, whichever of the two arrives first.
import { NoAnswer, Refused, send, signedIn } from './api.js';
import { sha256 } from './ids.js';
import { all, get, write } from './store.js';
const [LONGEST_SIDE, PIECE, KEPT] = [1_600, 256 * 1_024, 35 * 86_400_000];
/** Whether a photo is this phone's alone. One that has arrived stays for as long as backups reach back: a server that is
 * restored from one needs it again. */
export const isUnsent = ({ isKept, sentAt }) => !isKept && !sentAt;
/** A small JPEG of a picture. Drawing it anew leaves behind what the camera wrote into it: place, time, owner. */
export async function prepare(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) => Math.round(side * scale));
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').drawImage(picture, 0, 0, width, height);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', 0.8); });
  return { sha256: await sha256(await blob.arrayBuffer()), blob };
}

const tus = (method, sha256, headers = {}, body = undefined) => signedIn(async (token) => {
  const answer = await send(`/files${method === 'POST' ? '' : `/${sha256}`}`, {
    method, body, headers: { authorization: `Bearer ${token}`, 'accept-language': 'vi', 'tus-resumable': '1.0.0', ...headers },
  }, 120);
  if (answer.status === 401) throw new Refused((await answer.json()).errors[0].extensions);
  return answer;
});
/** Sends what waits. Where it was cut says the server, at the address that the photo's own bytes name. What is written in
 * the meantime does not wait for the photo: `first` sends it before each piece. */
export async function sendPhotos(first) {
  const [photos, stuck] = [await all('photos'), []];
  for (const { sha256, sentAt } of photos) if (sentAt < Date.now() - KEPT) await write(async (tx) => tx.delete('photos', sha256));
  for (const { sha256, blob } of photos.filter((photo) => isUnsent(photo) && !photo.refused)) {
    let step = await tus('HEAD', sha256);
    if (!step.ok) step = await tus('POST', sha256, { 'upload-length': blob.size, 'upload-metadata': `sha256 ${btoa(sha256)}` });
    const offset = () => +(step.headers.get('upload-offset') ?? 0);
    while (step.ok && offset() < blob.size) {
      const type = { 'content-type': 'application/offset+octet-stream', 'upload-offset': offset() };
      await first();
      step = await tus('PATCH', sha256, type, blob.slice(offset(), offset() + PIECE));
    }
    const told = step.ok || await step.json().catch(() => {});
    const refused = told?.errors?.[0]?.message ?? `Máy chủ không nhận ảnh này (mã ${step.status}).`;
    if (step.ok) await write(async (tx) => tx.put('photos', { sha256, blob, sentAt: Date.now() }));
    // Another attempt still holds it, or it stands elsewhere than was told: asked again soon, after the others.
    else if (step.status === 409) stuck.push(sha256);
    // No space, no picture for this server, no right to send it: asking again cures nothing. It stays, and the outbox tells why.
    else await write(async (tx) => tx.put('photos', { sha256, blob, refused }));
  }
  if (stuck.length) throw new NoAnswer();
}
/** Lets go of a photo that no row names, but maybe the one of this id. */
export async function letGo(tx, sha256, id) {
  const rows = [...await tx.all('outbox'), ...await tx.all('rows')];
  const isNamed = (row) => row.id !== id && (row.patch ?? row.d)?.attachments?.includes(sha256);
  if (!rows.some(isNamed)) tx.delete('photos', sha256);
}
/** A photo to look at: from this phone while it is here, else from the server. */
export const picture = async (sha256) => URL.createObjectURL((await get('photos', sha256))?.blob
  ?? await (await tus('GET', sha256)).blob());
