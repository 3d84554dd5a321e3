// Ghi phiếu: what a voter says, as he says it. Saved on the phone before anything else; the code is for him to keep.
import { area, card, field, fold, h, inDays, select, text } from './dom.js';
import { atVietnam, newId, trackingCode } from './ids.js';
import { prepare } from './photo.js';
import { meta, queue, rowsOf, setMeta } from './store.js';
const CONSENT = 'Cử tri đồng ý để đại biểu ghi tên, số điện thoại nhằm trả lời kiến nghị này.';

export const BY_HAND = 'Tố cáo không gửi qua mạng: tên và lời người tố cáo là bí mật. Hãy hướng dẫn cử tri nộp đơn, hoặc '
  + 'chuyển tận tay cơ quan có thẩm quyền. Điều ghi dưới đây chỉ nằm trên máy này, đến khi đồng chí bấm “Đã bàn giao”.';

export async function write({ id: chosen }) {
  const draft = await meta('draft') ?? {};
  const profile = await meta('profile');
  const away = ({ startsAt }) => Math.abs(Date.parse(startsAt) - Date.now()) / 86_400_000;
  const near = (await rowsOf('meeting')).map(({ d }) => d).filter((meeting) => meeting.family === 'contact' && away(meeting) < 45)
    .sort((a, b) => away(a) - away(b));
  const meetings = near.map(({ id, title, startsAt }) => [id, `${inDays(startsAt)}: ${title}`]);
  const meeting = chosen ?? draft.meetingId ?? near.find((meeting) => away(meeting) < 2)?.id;
  const places = (profile?.units ?? []).map(({ id, name }) => [id, name]);
  const photos = [];
  const shown = h('p', { class: 'photos' });
  const camera = h('input', { type: 'file', accept: 'image/*', multiple: true, class: 'hidden', onchange: async () => {
    for (const file of camera.files) photos.push(...await prepare(file).then((photo) => [photo], () => []));
    shown.replaceChildren(...photos.map(({ blob }) => h('img', { src: URL.createObjectURL(blob), alt: 'Ảnh kèm phiếu' })));
  } });
  const kinds = (profile?.lists.submission_kind ?? []).map(({ code, label }) => h('label', {}, h('input', {
    type: 'radio', name: 'kind', value: code, checked: code === (draft.kind ?? 'petition'),
  }), h('span', {}, label)));

  const form = h('form', {
    'data-kind': draft.kind ?? 'petition',
    oninput: () => {
      const { contactName, contactPhone, ...values } = Object.fromEntries(new FormData(form));
      form.dataset.kind = values.kind;
      setMeta('draft', values);
    },
    onsubmit: async (event) => {
      event.preventDefault();
      event.submitter.disabled = true;
      const { id, contactName, contactPhone, consent, onSpotAnswer, ...said } = Object.fromEntries(new FormData(form));
      const recordedAt = atVietnam();
      const isSecret = said.kind === 'denunciation';
      const patch = Object.fromEntries(Object.entries(isSecret ? { kind: said.kind, content: said.content } : {
        ...said, channel: said.meetingId && 'contact_meeting', origin: 'voter', recordedAt, onSpotAnswer,
        attachments: photos.map(({ sha256 }) => sha256).join(' '), answeredOnSpot: Boolean(onSpotAnswer),
        ...(consent && { contactName, contactPhone, consentText: CONSENT, consentAt: recordedAt }),
      }).filter(([, value]) => value));
      const entry = { mutationId: newId(), collection: 'feedback', id, recordedAt, patch };
      await queue([{ ...entry, state: isSecret ? 'by_hand' : 'waiting' }], (tx) => {
        if (!isSecret) for (const photo of photos) tx.put('photos', photo);
        tx.delete('meta', 'draft');
      });
      location.hash = `#hop-gui/${id}`;
    },
  },
  h('input', { type: 'hidden', name: 'id', value: draft.id ?? newId() }),
  h('input', { type: 'hidden', name: 'trackingCode', value: draft.trackingCode ?? trackingCode() }),
  h('fieldset', { class: 'kinds' }, h('legend', {}, 'Loại'), kinds),
  h('p', { class: 'warning secret' }, BY_HAND),
  field('Cử tri nói gì', Object.assign(area('content', draft.content, 20_000, 5), { required: true })),
  h('div', { class: 'open' },
    field('Cuộc tiếp xúc', select('meetingId', [...meetings, ['', 'Ngoài cuộc tiếp xúc']], meeting ?? '')),
    field('Địa bàn', select('unitId', places, draft.unitId)),
    field('Ấp, khu phố', text('subUnit', draft.subUnit, 200)),
    field('Mong muốn', area('wanted', draft.wanted, 5_000, 2), 'Cử tri muốn được giải quyết thế nào'),
    field('Đã trả lời tại chỗ', area('onSpotAnswer', draft.onSpotAnswer, 5_000, 2), 'Để trống nếu chưa trả lời'),
    h('label', { class: 'button quiet' }, 'Chụp hoặc chọn ảnh', camera), shown,
    fold('Cử tri muốn được gọi lại',
      h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'consent' }), h('span', {}, CONSENT)),
      field('Tên', text('contactName', '', 200)), field('Số điện thoại', text('contactPhone', '', 30)))),
  h('button', { class: 'main' }, 'Lưu trên máy'));
  return [h('h1', {}, 'Ghi ý kiến cử tri'), card('Phiếu mới', form)];
}
