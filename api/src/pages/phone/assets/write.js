// Ghi phiếu: what a voter says, as he says it. Saved on the phone before anything else; the code is for him to keep.
import { area, card, field, fold, form, h, inDays, select, text } from './dom.js';
import { atVietnam, newId, trackingCode } from './ids.js';
import { prepare } from './photo.js';
import { meta, queue, rowsOf, setMeta } from './store.js';
const CONSENT = 'Cử tri đồng ý để đại biểu ghi tên, số điện thoại nhằm trả lời kiến nghị này.';
export const BY_HAND = 'Tố cáo không gửi qua mạng: tên và lời người tố cáo là bí mật. Hãy hướng dẫn cử tri nộp đơn, hoặc '
  + 'chuyển tận tay cơ quan có thẩm quyền. Điều ghi dưới đây chỉ nằm trên máy này, đến khi đồng chí bấm “Đã bàn giao”.';
/** What would make it clear work (rõ việc), told while it is typed and never demanded; the parts that the server counts. */
const lacking = ({ kind, ...said }, parts, photos) => parts.filter(({ code }) => kind !== 'denunciation'
  && !said[{ place: 'unitId' }[code] ?? code]?.trim() && !(code === 'evidence' && (photos.length || said.attachments)));
/** A new one, at a meeting maybe; or one's own, to be corrected (`sua`). Each has its draft: none is typed over another. */
export async function write({ name, id: chosen }) {
  const isNew = name !== 'sua';
  const key = isNew ? 'draft' : `draft ${chosen}`;
  const draft = await meta(key) ?? {};
  const profile = await meta('profile');
  const away = ({ startsAt }) => Math.abs(Date.parse(startsAt) - Date.now()) / 86_400_000;
  const near = (await rowsOf('meeting')).map(({ d }) => d).filter((meeting) => meeting.family === 'contact' && away(meeting) < 45)
    .sort((a, b) => away(a) - away(b));
  const meetings = near.map(({ id, title, startsAt }) => [id, `${inDays(startsAt)}: ${title}`]);
  const meeting = (isNew && chosen) || draft.meetingId || near.find((meeting) => away(meeting) < 2)?.id || '';
  const [photos, shown] = [[], h('p', { class: 'photos' })];
  const camera = h('input', { type: 'file', accept: 'image/*', multiple: true, class: 'hidden', onchange: async () => {
    for (const file of camera.files) photos.push(...await prepare(file).then((photo) => [photo], () => []));
    shown.replaceChildren(...photos.map(({ blob }) => h('img', { src: URL.createObjectURL(blob), alt: 'Ảnh kèm phiếu' })));
    camera.form.dispatchEvent(new Event('input'));
  } });
  const kind = draft.kind ?? 'petition';
  const kinds = (profile?.lists.submission_kind ?? []).map(({ code, label }) => h('label', {},
    h('input', { type: 'radio', name: 'kind', value: code, checked: code === kind }), h('span', {}, label)));
  const hint = h('p', { class: 'fine', role: 'status' });
  const tell = (values) => {
    const labels = lacking(values, profile?.lists.completeness ?? [], photos).map(({ label }) => label.toLowerCase());
    hint.textContent = labels.length ? `Nên hỏi thêm cho rõ việc: ${labels.join('; ')}.` : 'Đã rõ việc.';
  };
  const keep = ({ currentTarget }) => {
    const { contactName, contactPhone, ...values } = Object.fromEntries(new FormData(currentTarget));
    currentTarget.dataset.kind = values.kind;
    setMeta(key, values);
    tell(values);
  };
  tell({ unitId: profile?.units[0]?.id, ...draft });
  const save = async ({ id, baseRev, contactName, contactPhone, consent, onSpotAnswer, ...said }, button) => {
    button.disabled = true;
    const now = atVietnam();
    const isSecret = said.kind === 'denunciation';
    const patch = Object.fromEntries(Object.entries(isSecret ? { kind: said.kind, content: said.content } : {
      recordedAt: now, ...said, channel: said.meetingId && 'contact_meeting', origin: 'voter', onSpotAnswer,
      attachments: [draft.attachments, ...photos.map(({ sha256 }) => sha256)].filter(Boolean).join(' '),
      answeredOnSpot: Boolean(onSpotAnswer),
      ...(consent && { contactName, contactPhone, consentText: CONSENT, consentAt: now }),
    }).filter(([, value]) => value));
    const entry = { mutationId: newId(), collection: 'feedback', id, baseRev, recordedAt: now, patch };
    await queue([{ ...entry, state: isSecret ? 'by_hand' : 'waiting' }], (tx) => {
      if (!isSecret) for (const photo of photos) tx.put('photos', photo);
      tx.delete('meta', key);
    });
    location.hash = `#hop-gui/${id}`;
  };
  return [h('h1', {}, 'Ghi ý kiến cử tri'), card(isNew ? 'Phiếu mới' : 'Sửa, bổ sung phiếu',
    form({ 'data-kind': kind, oninput: keep }, save, ['id', 'trackingCode', 'recordedAt', 'baseRev', 'attachments'].map((name) =>
      h('input', { type: 'hidden', name, value: draft[name] ?? { id: newId(), trackingCode: trackingCode() }[name] })),
    h('fieldset', { class: 'kinds' }, h('legend', {}, 'Loại'), kinds),
    h('p', { class: 'warning secret' }, BY_HAND),
    field('Cử tri nói gì', Object.assign(area('content', draft.content, 20_000, 5), { required: true })),
    h('div', { class: 'open' },
      field('Cuộc tiếp xúc', select('meetingId', [...meetings, ['', 'Ngoài cuộc tiếp xúc']], meeting)),
      field('Địa bàn', select('unitId', (profile?.units ?? []).map(({ id, name }) => [id, name]), draft.unitId)),
      field('Ấp, khu phố', text('subUnit', draft.subUnit, 200)),
      field('Mong muốn', area('wanted', draft.wanted, 5_000, 2), 'Cử tri muốn được giải quyết thế nào'),
      fold('Cho rõ việc hơn', field('Ai bị ảnh hưởng', area('affected', draft.affected, 5_000, 2)),
        field('Từ khi nào', text('since', draft.since, 200)), field('Có gì làm rõ', area('evidence', draft.evidence, 5_000, 2))),
      field('Đã trả lời tại chỗ', area('onSpotAnswer', draft.onSpotAnswer, 5_000, 2), 'Để trống nếu chưa trả lời'),
      h('label', { class: 'button quiet' }, 'Chụp hoặc chọn ảnh', camera), shown, hint,
      fold('Cử tri muốn được gọi lại',
        h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'consent' }), h('span', {}, CONSENT)),
        field('Tên', text('contactName', '', 200)), field('Số điện thoại', text('contactPhone', '', 30)))),
    h('button', { class: 'main' }, 'Lưu trên máy')))];
}
