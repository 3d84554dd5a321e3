// Giấy mời: whether one comes to a meeting, and if not why; it stands in one's own record of the meeting (docs/sync.md).
import { area, card, field, form, h, inWords } from './dom.js';
import { atVietnam, newId } from './ids.js';
import { all, meta, owner, queue, rowsOf } from './store.js';
/** Those of these meetings to which one is invited, with what one answered (`attending`, `reason`), whether that waits to be
 * sent, and one's record of the meeting. There is one for each meeting: a later answer goes into the same. */
async function invitations(meetings) {
  const [profile, records, outbox] = await Promise.all([meta('profile'), rowsOf('meetingRecord'), all('outbox')]);
  const mine = (profile?.mandates ?? []).map(({ id }) => id);
  const isMine = (ids) => mine.some((id) => ids?.includes(id));
  const said = outbox.filter(({ collection, isRefused }) => collection === 'meetingRecord' && !isRefused);
  return meetings.filter(({ invitedDelegateIds }) => isMine(invitedDelegateIds)).map((meeting) => {
    const { d, rev } = records.find((row) => row.d.meetingId === meeting.id && row.d.authorId === owner) ?? {};
    const last = said.findLast(({ patch }) => patch.meetingId === meeting.id);
    // The newest answer counts, and the office may have entered it for him: the meeting tells.
    const told = isMine(meeting.attendingDelegateIds) || (isMine(meeting.absentDelegateIds) ? false : d?.attending);
    const { attending, absenceReason } = last?.patch ?? { attending: told, absenceReason: d?.absenceReason };
    const record = { id: last?.id ?? d?.id ?? newId(), baseRev: rev };
    return { meeting, record, attending, reason: attending === false && absenceReason, waits: last?.state === 'waiting' };
  });
}

const SAID = new Map([[true, 'Đã trả lời: sẽ dự.'], [false, 'Đã trả lời: vắng mặt.']]);
function one({ meeting, record, attending, reason, waits }) {
  const answer = (patch) => queue([{ mutationId: newId(), collection: 'meetingRecord', ...record, recordedAt: atVietnam(),
    patch: { meetingId: meeting.id, ...patch } }]);
  const title = meeting.title ?? (meeting.family === 'session' ? 'Kỳ họp' : 'Cuộc tiếp xúc cử tri');
  return h('div', { class: 'item', id: `moi-${meeting.id}` }, h('h3', {}, title),
    h('p', { class: 'when' }, [inWords(meeting.startsAt), meeting.place].filter(Boolean).join(' · ')),
    h('p', { class: 'said' }, SAID.get(attending) ?? 'Chưa trả lời.', reason && ` Lý do: ${reason}`),
    waits && h('p', { class: 'fine pending' }, 'Đã ghi trên máy, đang chờ gửi.'),
    attending !== true && form({}, () => answer({ attending: true }),
      h('button', { class: 'main', 'aria-label': `Tôi sẽ dự: ${title}` }, 'Tôi sẽ dự')),
    h('details', { class: 'act' }, h('summary', {}, attending === false ? 'Sửa lý do vắng mặt' : 'Tôi vắng mặt'),
      form({}, (filled) => answer({ attending: false, ...filled }),
        field('Lý do vắng mặt', Object.assign(area('absenceReason', reason || '', 500, 2), { required: true })),
        h('button', { class: 'main' }, 'Báo vắng mặt'))));
}
/** The card of one's invitations to these meetings, where there are any. */
export async function invited(meetings) {
  const mine = await invitations(meetings);
  const open = mine.filter(({ attending }) => attending == null).length;
  return mine.length > 0 && card(open ? `Giấy mời (${open} chưa trả lời)` : 'Giấy mời', mine.map(one));
}
