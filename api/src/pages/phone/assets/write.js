// Ghi phiếu: what a voter says, as he says it. Saved on the phone before anything else; the code is for him to keep.
import { area, card, field, fold, form, h, inDays, select, text, whyNot } from './dom.js';
import { atVietnam, newId, trackingCode } from './ids.js';
import { letGo, picture, prepare } from './photo.js';
import { all, get, meta, queue, rowsOf, setMeta, write as put } from './store.js';
const CONSENT = 'Cử tri đồng ý để đại biểu ghi tên, số điện thoại nhằm trả lời kiến nghị này.';
export const BY_HAND = 'Tố cáo không gửi qua mạng: tên và lời người tố cáo là bí mật. Hãy hướng dẫn cử tri nộp đơn, hoặc '
  + 'chuyển tận tay cơ quan có thẩm quyền. Điều ghi dưới đây chỉ nằm trên máy này, đến khi đồng chí bấm “Đã bàn giao”.';
/** As many photos as the server takes with one row. */
const MOST_PHOTOS = 10;
/** Whom the voter of a row in correction asked to be called by, by row: in memory alone, never in a draft. */
export const recalled = new Map();
/** What can be emptied again in a correction. */
const OPTIONAL = ['meetingId', 'subUnit', 'wanted', 'affected', 'since', 'evidence', 'onSpotAnswer', 'attachments'];
/** What would make it clear work (rõ việc), told while it is typed and never demanded; the parts that the server counts. */
const lacking = ({ kind, ...said }, parts) => parts.filter(({ code }) => kind !== 'denunciation'
  && !said[{ place: 'unitId' }[code] ?? code]?.trim() && !(code === 'evidence' && said.attachments));

/** The photos of a draft: kept on the phone with it from the moment they are chosen, since a phone may end the page behind
 * its camera. `changed` hears their names. */
function album(names, changed) {
  const trouble = h('p', { class: 'warning', role: 'alert' });
  const images = () => names.map((name) => {
    const image = h('img', { alt: 'Ảnh kèm phiếu' });
    picture(name).then((url) => { image.src = url; }, () => { image.alt = 'Ảnh ở máy chủ'; });
    return h('span', {}, image, h('button', { class: 'quiet', type: 'button', onclick: () => drop(name) }, 'Bỏ ảnh'));
  });
  const shown = h('p', { class: 'photos' }, images());
  let adding = Promise.resolve();
  const showAnew = () => { shown.replaceChildren(...images()); changed(); };
  const drop = async (name) => {
    names.splice(names.indexOf(name), 1);
    showAnew();
    await put((tx) => letGo(tx, name));
  };
  const add = async (file) => {
    if (names.length >= MOST_PHOTOS) throw new Error(`Mỗi phiếu có tối đa ${MOST_PHOTOS} ảnh.`);
    const { sha256, blob } = await prepare(file)
      .catch(() => { throw new Error(`Không mở được ảnh ${file.name}: cần ảnh JPEG, PNG.`); });
    // What is on its way already, for another row, stays on its way.
    await put(async (tx) => { if (!await tx.get('photos', sha256)) tx.put('photos', { sha256, blob, isKept: true }); });
    if (!names.includes(sha256)) names.push(sha256);
  };
  const camera = h('input', { type: 'file', accept: 'image/*', multiple: true, class: 'hidden', onchange: () => {
    const files = [...camera.files];
    // A browser tells of another choice only: what was dropped, or could not be opened, may be chosen once more.
    camera.value = '';
    trouble.textContent = '';
    adding = adding.then(async () => {
      for (const file of files) await add(file).catch((error) => { trouble.textContent = whyNot(error, error.message); });
      showAnew();
    });
  } });
  // Whoever saves at once waits until the last one is there.
  return { ready: () => adding, shown: [h('label', { class: 'button quiet' }, 'Chụp hoặc chọn ảnh', camera), trouble, shown] };
}

/** A new one, at a meeting maybe; or one's own, to be corrected (`sua`). Each has its draft: none is typed over another. */
export async function write({ name, id: chosen }) {
  const isNew = name !== 'sua';
  const key = isNew ? 'draft' : `draft ${chosen}`;
  const draft = await meta(key) ?? {};
  const contact = recalled.get(chosen) ?? {};
  const isCalled = Boolean(contact.contactName || contact.contactPhone);
  const profile = await meta('profile');
  const away = ({ startsAt }) => Math.abs(Date.parse(startsAt) - Date.now()) / 86_400_000;
  const near = (await rowsOf('meeting')).map(({ d }) => d).filter((meeting) => meeting.family === 'contact' && away(meeting) < 45)
    .sort((a, b) => away(a) - away(b));
  const meetings = near.map(({ id, title, startsAt }) => [id, `${inDays(startsAt)}: ${title}`]);
  // What was begun at another meeting stays there.
  const meeting = draft.content || !isNew ? draft.meetingId : chosen || near.find((meeting) => away(meeting) < 2)?.id;
  const kind = draft.kind ?? 'petition';
  const kinds = (profile?.lists.submission_kind ?? []).map(({ code, label }) => h('label', {},
    h('input', { type: 'radio', name: 'kind', value: code, checked: code === kind }), h('span', {}, label)));
  const hint = h('p', { class: 'fine', role: 'status' });
  const tell = (values) => {
    const labels = lacking(values, profile?.lists.completeness ?? []).map(({ label }) => label.toLowerCase());
    hint.textContent = labels.length ? `Nên hỏi thêm cho rõ việc: ${labels.join('; ')}.` : 'Đã rõ việc.';
  };
  const names = (draft.attachments ?? '').split(' ').filter(Boolean);
  // Once it is being saved nothing is drafted any more: the next voter's words would go under the same id.
  let isSaving = false;
  const keep = () => {
    const { contactName, contactPhone, ...values } = Object.fromEntries(new FormData(filled));
    filled.dataset.kind = values.kind;
    values.attachments = names.join(' ');
    tell(values);
    if (!isSaving) setMeta(key, values).catch(() => { hint.textContent = 'Chưa giữ được bản nháp: chỉ có trên màn hình này.'; });
  };
  const photos = album(names, () => keep());
  const save = async ({ id, baseRev, of, contactName, contactPhone, consent, ...said }) => {
    await photos.ready();
    isSaving = true;
    const [now, attachments] = [atVietnam(), names.join(' ')];
    // Another tab saved this draft already: what was typed on here is another voter's.
    const isTaken = isNew && (await get('rows', ['feedback', id]) ?? (await all('outbox')).some((entry) => entry.id === id));
    if (isTaken) [id, said.trackingCode] = [newId(), trackingCode()];
    const isSecret = said.kind === 'denunciation';
    const patch = isSecret ? { kind: said.kind, content: said.content, ...(attachments && { attachments }) } : {
      recordedAt: now, ...(!isNew && Object.fromEntries(OPTIONAL.map((field) => [field, null]))), ...said, origin: 'voter',
      answeredOnSpot: Boolean(said.onSpotAnswer), ...(said.meetingId && { channel: 'contact_meeting' }),
      ...(attachments && { attachments }), ...(consent && { contactName, contactPhone, consentText: CONSENT, consentAt: now }),
    };
    const entry = { mutationId: newId(), collection: 'feedback', id, baseRev, recordedAt: now, patch };
    const chosenPhotos = await Promise.all(names.map((photo) => get('photos', photo)));
    await queue([{ ...entry, state: isSecret ? 'by_hand' : 'waiting' }], (tx) => {
      for (const photo of chosenPhotos) if (photo?.isKept && !isSecret) tx.put('photos', { ...photo, isKept: false });
      tx.delete('meta', key);
    }).catch((error) => { isSaving = false; throw error; });
    location.hash = `#hop-gui/${id}`;
  };
  const filled = form({ 'data-kind': kind, oninput: keep }, save, 'id trackingCode recordedAt baseRev of'.split(' ').map((it) =>
    h('input', { type: 'hidden', name: it, value: draft[it] ?? { id: newId(), trackingCode: trackingCode() }[it] })),
  h('fieldset', { class: 'kinds' }, h('legend', {}, 'Loại'), kinds),
  h('p', { class: 'warning secret' }, BY_HAND),
  field('Cử tri nói gì', Object.assign(area('content', draft.content, 20_000, 5), { required: true })),
  h('div', { class: 'open' },
    field('Cuộc tiếp xúc', select('meetingId', [...meetings, ['', 'Ngoài cuộc tiếp xúc']], meeting ?? '')),
    field('Địa bàn', select('unitId', (profile?.units ?? []).map(({ id, name }) => [id, name]), draft.unitId)),
    field('Ấp, khu phố', text('subUnit', draft.subUnit, 200)),
    field('Mong muốn', area('wanted', draft.wanted, 5_000, 2), 'Cử tri muốn được giải quyết thế nào'),
    fold('Cho rõ việc hơn', field('Ai bị ảnh hưởng', area('affected', draft.affected, 2_000, 2)),
      field('Từ khi nào', text('since', draft.since, 200)), field('Có gì làm rõ', area('evidence', draft.evidence, 500, 2))),
    field('Đã trả lời tại chỗ', area('onSpotAnswer', draft.onSpotAnswer, 5_000, 2), 'Để trống nếu chưa trả lời'),
    photos.shown, hint,
    Object.assign(fold('Cử tri muốn được gọi lại',
      h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'consent', checked: isCalled }),
        h('span', {}, CONSENT)),
      field('Tên', text('contactName', contact.contactName, 200)),
      field('Số điện thoại', text('contactPhone', contact.contactPhone, 30))), { open: isCalled })),
  h('button', { class: 'main' }, 'Lưu trên máy'));
  tell({ unitId: profile?.units[0]?.id, ...draft, attachments: names.join(' ') });
  return [h('h1', {}, 'Ghi ý kiến cử tri'), card(isNew ? 'Phiếu mới' : 'Sửa, bổ sung phiếu', filled)];
}
