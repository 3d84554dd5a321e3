// Hộp gửi: every feedback of one's own with its four receipts, denunciations that wait to be handed over, and what was
// refused, explained.
import { ask } from './api.js';
import { bundle, unexported } from './bundle.js';
import { field, fold, form, h, inDays, inHours, lines, more, select, twice } from './dom.js';
import { atVietnam, newId } from './ids.js';
import { isUnsent, letGo, picture } from './photo.js';
import { all, changes, get, meta, owner, queue, rowsOf, setMeta } from './store.js';
import { BY_HAND, recalled } from './write.js';
/** One's own feedback, as the server has it and with what is still on its way, the newest first. */
async function own() {
  const told = (await rowsOf('feedback')).filter(({ d }) => d.authorId === owner).map(({ d, rev }) => ({ ...d, baseRev: rev }));
  const both = new Map(told.map((row) => [row.id, row]));
  const issues = new Set((await rowsOf('syncIssue')).map(({ d }) => d.mutationId));
  for (const { mutationId, collection, id, state, patch } of await all('outbox')) {
    if (collection === 'feedback' && !issues.has(mutationId)) both.set(id, { ...both.get(id), ...patch, id, state });
  }
  return [...both.values()].sort((a, b) => Date.parse(b.recordedAt ?? 0) - Date.parse(a.recordedAt ?? 0));
}
/** The four receipts: each has a time of its own once it is there. */
const receipts = ({ recordedAt, receivedAt, acceptedAt, seenAt, state }) => h('ol', { class: 'receipts' }, [
  ['Trên máy', recordedAt ?? true], ['Máy chủ đã nhận', receivedAt ?? state === 'answered'],
  ['Đã tiếp nhận', acceptedAt], ['Văn phòng đã xem', seenAt],
].map(([label, at]) => h('li', { class: at ? 'is-there' : '', 'aria-label': `${label}: ${at ? 'rồi' : 'chưa'}` },
  h('span', {}, label), h('time', {}, typeof at === 'string' ? inHours(at) : ''))));
const album = (names) => fold(`Ảnh kèm phiếu (${names.length})`, h('p', { class: 'photos' }, names.map((name) => {
  const gone = () => image.replaceWith('Ảnh chưa có trên máy chủ, hoặc đang mất sóng.');
  const image = h('img', { alt: 'Ảnh kèm phiếu', onerror: gone });
  picture(name).then((url) => { image.src = url; }, gone);
  return image;
})));

/** What the voter takes home: one message by telephone, 70 characters at most, made without a signal; or a slip from the
 * server's page. */
function slip(code, page = `${location.host}/tra-cuu`) {
  const words = [`Mã tra cứu kiến nghị: ${code}. Xem tại ${page}`, `Mã tra cứu: ${code}. Xem ${page}`,
    `Mã tra cứu kiến nghị của ông/bà: ${code}`].find(({ length }) => length <= 70);
  return [h('p', {}, 'Mã tra cứu cho cử tri: ', h('code', {}, code)), fold('Đưa mã cho cử tri', lines(words),
    h('a', { class: 'button quiet', href: `sms:?&body=${encodeURIComponent(words)}` }, 'Nhắn tin'),
    h('a', { class: 'button quiet', href: `/tra-cuu/${code}?in=1`, target: '_blank' }, 'In phiếu'))];
}
const one = (feedback, chosen, petitions) => h('article', { class: 'card', id: feedback.id,
  'data-new': String(feedback.id === chosen) },
h('p', { class: 'words' }, feedback.content ?? `Tố cáo, biên nhận số ${feedback.receiptNumber}`),
feedback.trackingCode && slip(feedback.trackingCode),
receipts(feedback),
// The office asks something before it can go on; any correction answers.
feedback.status === 'returned' && !feedback.state && [h('p', { class: 'warning' }, `Văn phòng hỏi lại: ${feedback.question}`),
  h('button', { class: 'quiet', onclick: () => correct(feedback) }, 'Bổ sung vào phiếu')],
feedback.attachments && album(feedback.attachments.split(' ')),
feedback.petitionId && h('p', { class: 'fine' }, 'Thuộc kiến nghị: ', petitions.get(feedback.petitionId)?.title ?? '…'));
/** A denunciation: its words leave the phone on paper only. With the receipt it becomes a feedback without words. */
function byHand({ mutationId, id, patch }, agencies) {
  const pictures = (patch.attachments ?? '').split(' ').filter(Boolean);
  const paper = fold('Khi đã bàn giao', form({}, async (receipt) => {
    const entry = { mutationId: newId(), collection: 'feedback', id, recordedAt: atVietnam() };
    await queue(receipt.receiptNumber ? [{ ...entry, patch: { kind: 'denunciation', ...receipt } }] : [], async (tx) => {
      tx.delete('outbox', mutationId);
      for (const it of pictures) await letGo(tx, it, id);
    });
  },
  field('Số biên nhận', h('input', { name: 'receiptNumber', maxlength: 30, pattern: '[0-9]+([\\/.\\-][0-9A-ZĐ]+)*' }),
    'Như trên giấy, ví dụ 125/2026/BN-TCD; để trống nếu không có'),
  field('Ngày nhận', h('input', { name: 'receivedOn', type: 'date' })),
  field('Nơi nhận', select('receivingAgencyId', [['', 'Chưa rõ'], ...agencies.map(({ id, name }) => [id, name])], '')),
  h('button', { class: 'main' }, 'Đã bàn giao, xóa lời trên máy')));
  return h('article', { class: 'card by-hand', id }, h('h2', {}, 'Tố cáo: chuyển tận tay'),
    h('p', { class: 'warning' }, BY_HAND), lines(patch.content ?? ''), pictures.length > 0 && album(pictures), paper);
}

const FIELDS = { contactPhone: 'Số điện thoại', contactName: 'Tên', content: 'Cử tri nói gì', unitId: 'Địa bàn',
  subUnit: 'Ấp, khu phố', wanted: 'Mong muốn', evidence: 'Có gì làm rõ', attachments: 'Ảnh', meetingId: 'Cuộc tiếp xúc, kỳ họp',
  absenceReason: 'Lý do vắng mặt', at: 'Ngày' };
/** The words again in the form, to be corrected or completed; as the same row, so that it is one in the end. What was begun
 * of the same version with the same words goes on (`of`: of which change that was refused). Whom a voter asked to be called
 * by is handed over in memory, and lies in no draft. */
async function correct({ contactName, contactPhone, ...words }) {
  recalled.set(words.id, { contactName, contactPhone });
  const old = await meta(`draft ${words.id}`);
  if (!old || ['baseRev', 'of'].some((it) => (old[it] ?? '') !== (words[it] ?? ''))) await setMeta(`draft ${words.id}`, words);
  location.hash = `#sua/${words.id}`;
}

const ORIGINAL = 'query($id: ID!) { syncIssue(id: $id) { original } }';
const DISMISS = 'mutation($input: DismissSyncIssueInput!) { dismissSyncIssue(input: $input) { userErrors { code } } }';
/** There is one record of a meeting for each person, and his answer stands in it. */
const ANSWERED = 'Máy khác của đồng chí đã trả lời giấy mời này. Xem câu trả lời ở trang Hôm nay; muốn đổi thì trả lời lại ở đó.';
/** Or the day for which he answered is not the day any more. */
const MOVED = 'Cuộc họp đã đổi ngày sau lúc trả lời giấy mời, hoặc máy khác đã trả lời. Xem và trả lời lại ở trang Hôm nay.';
/** Words that were asked for stay when the view is drawn anew. */
const read = new Map();
const quote = (said) => h('blockquote', {}, lines(said || 'Không có lời nào.'));
/** What was not taken: why, the words again, and a way to put it aside. What another device wrote is on the server alone, and
 * needs a signal. */
function issue({ id, mutationId, at, code, message, field: about, rowCollection, rowId }) {
  const needsSignal = (work) => ({ target }) => work(target)
    .catch(() => target.replaceWith(h('p', { class: 'warning' }, 'Cần có sóng để làm việc này.')));
  const words = async () => (await get('outbox', mutationId))?.patch
    ?? JSON.parse((await ask(ORIGINAL, { id })).syncIssue.original ?? '{}').patch ?? {};
  const back = needsSignal(async () => {
    const [patch, row] = [await words(), await get('rows', ['feedback', rowId])];
    await correct({ ...row?.d, ...patch, id: rowId, baseRev: row?.rev, of: mutationId });
  });
  const look = needsSignal(async () => {
    const { text, note, documentNumber, absenceReason } = await words();
    read.set(id, [text, note, documentNumber, absenceReason].filter(Boolean).join('\n'));
    // The view may have been drawn anew while the words came.
    changes.dispatchEvent(new Event('changed'));
  });
  const dismiss = needsSignal((target) => ask(DISMISS, { input: { id } }).then(() => target.closest('article').remove()));
  const answer = rowCollection === 'meetingRecord' && { TAKEN: ANSWERED, CONFLICT: MOVED }[code];
  return h('article', { class: 'card issue' },
    h('h2', {}, code === 'CONFLICT' && !answer ? 'Máy khác đã sửa cùng mục' : 'Chưa được nhận'),
    lines(answer || message),
    h('p', { class: 'fine' }, [inDays(at), about && `mục “${FIELDS[about] ?? about}”`].filter(Boolean).join(' · ')),
    rowCollection === 'feedback' ? h('button', { class: 'quiet', onclick: back }, 'Lấy lại lời đã ghi để sửa')
      : (read.has(id) && quote(read.get(id))) || h('button', { class: 'quiet', onclick: look }, 'Xem lời đã ghi'),
    h('button', { class: 'quiet', onclick: dismiss }, 'Đã biết, không gửi lại'));
}

/** A photo that the server does not take. It stays on the phone until there is space, or a person has put it elsewhere. */
const refusedPhoto = ({ sha256, blob, refused }) => h('article', { class: 'card issue' }, h('h2', {}, 'Ảnh chưa được nhận'),
  lines(refused), h('p', { class: 'photos' }, h('img', { src: URL.createObjectURL(blob), alt: 'Ảnh chưa được nhận' })),
  h('a', { class: 'button quiet', href: URL.createObjectURL(blob), download: `${sha256.slice(0, 8)}.jpg` }, 'Lưu ảnh ra máy'),
  h('button', { class: 'quiet', onclick: () => queue([], (tx) => tx.put('photos', { sha256, blob })) }, 'Gửi lại'),
  twice('Bỏ ảnh khỏi sổ tay', 'Bấm lần nữa để bỏ hẳn', () => queue([], (tx) => tx.delete('photos', sha256))));
/** What waits as a sealed file, for the road without any network. */
const carry = async () => h('a', {
  href: URL.createObjectURL(await bundle()), download: `phieu-${atVietnam().slice(0, 10)}.cutri` }).click();

export async function outbox({ id }) {
  const waiting = await all('outbox');
  const issues = (await rowsOf('syncIssue')).map(({ d }) => d)
    .filter(({ status, rowId }) => status === 'open' && !waiting.some(({ id, isRefused }) => id === rowId && !isRefused));
  const agencies = (await rowsOf('agency')).map(({ d }) => d).filter(({ validTo }) => !validTo);
  const petitions = new Map((await rowsOf('petition')).map(({ d }) => [d.id, d]));
  const [unsent, fresh] = (await unexported()).map((entries) => entries.length);
  const photos = (await all('photos')).filter(isUnsent);
  const sent = photos.length ? `Mọi lời đã gửi; còn ${photos.length} ảnh trên máy.` : 'Mọi điều đã ghi đều đã gửi.';
  const shown = (await own()).filter(({ state }) => state !== 'by_hand').map((row) => one(row, id, petitions));
  return [
    h('h1', {}, 'Hộp gửi'),
    h('p', {}, unsent ? `${unsent} việc đang chờ gửi; tắt máy cũng không mất.` : sent),
    unsent > 0 && [h('button', { class: 'quiet', onclick: carry }, 'Xuất ra tệp để người khác mang đi nộp'),
      fresh < unsent && h('p', { class: 'fine' }, fresh ? `Còn ${fresh} việc chưa ở trong tệp nào: bấm lần nữa.`
        : 'Mọi việc đang chờ đều đã xuất ra tệp.')],
    waiting.filter(({ state }) => state === 'by_hand').map((entry) => byHand(entry, agencies)), issues.map(issue),
    photos.filter(({ refused }) => refused).map(refusedPhoto),
    shown.slice(0, 20), more('Các phiếu trước', shown.slice(20)),
  ];
}
