// Kiến nghị: answers to bring back to the voters, bodies to urge, and how all the others stand.
import { area, field, fold, form, h, inDays, lines, more, select, text } from './dom.js';
import { atVietnam, newId } from './ids.js';
import { all, meta, owner, queue, rowsOf } from './store.js';
export const PROCESS = {
  accepted: 'Đã tiếp nhận', classified: 'Đã phân loại', forwarded: 'Đã chuyển cơ quan giải quyết',
  returned: 'Cơ quan trả lại', answered: 'Đã có trả lời', assessed: 'Đã xem xét trả lời',
  informed: 'Đã thông tin lại cho cử tri', closed: 'Đã khép', reopened: 'Mở lại', split: 'Đã tách', merged: 'Đã nhập',
};
/** What a code of a list is called; the code itself where the list does not know it. */
export const labelOf = (lists, list, code) => lists?.[list]?.find((entry) => entry.code === code)?.label ?? code;
const OVER = ['informed', 'closed', 'split', 'merged'];
export const due = ({ extendedTo, dueAt }) => extendedTo ?? dueAt;
export const isOverdue = (petition) => petition.process === 'forwarded' && due(petition) < atVietnam().slice(0, 10);
/** Whether the day by which its answer promised something is over, closed or not, and no later answer says what came of it. */
export const isPromiseLate = ({ outcome, roadmapAt }) => Boolean(outcome) && roadmapAt < atVietnam().slice(0, 10);
/** All petitions; of each what of it waits in the outbox (`sent`), what one wrote down of it oneself (`said`), and whose voters
 * have not heard its answer (`wait`): one's own are those whom one wrote down, here at once, and those whom one heard at a
 * meeting, as the server counts (`agenda`). */
async function petitions() {
  const [outbox, feedback, agenda, told, rows] = await Promise.all([all('outbox'),
    ...['feedback', 'agenda', 'informing', 'petition'].map(rowsOf)]);
  const byMe = (rows) => rows.map(({ d }) => d).filter(({ authorId }) => authorId === owner);
  const sent = new Map(outbox.filter(({ isRefused }) => !isRefused)
    .map(({ collection, patch }) => [patch?.petitionId ?? patch?.targetId, collection]));
  const named = agenda.filter(({ d }) => d.scope === 'voters' && d.kind === 'to_inform')
    .flatMap(({ d }) => d.petitionIds.split(' '));
  // What was split or merged goes on in others, and what was said with it.
  const before = new Map(rows.map(({ d }) => [d.id, d.predecessorIds?.split(' ') ?? []]));
  const line = (id) => [id, ...(before.get(id) ?? []).flatMap(line)];
  const written = Object.groupBy(byMe(feedback), ({ petitionId }) => petitionId);
  const saidOf = (id) => [...new Set(line(id))].flatMap((it) => written[it] ?? []);
  // Somebody else's telling is for his own voters; after one's own, the server counts again within a minute.
  const isLeft = ({ id, answeredAt }) => named.includes(id)
    && !byMe(told).some(({ petitionId, at }) => petitionId === id && at.slice(0, 10) >= answeredAt);
  const isAwaited = (petition) => petition.answerText && sent.get(petition.id) !== 'informing'
    && (['answered', 'assessed'].includes(petition.process) || (petition.process === 'informed' && isLeft(petition)));
  return rows.map(({ d }) => ({ ...d, sent: sent.get(d.id), said: saidOf(d.id) })).map((petition) => ({ ...petition,
    wait: isAwaited(petition) && (petition.said.length || named.includes(petition.id) ? 'tell' : 'others') }));
}
/** Petitions whose answers one's own voters have not heard. */
export const awaited = async () => (await petitions()).filter(({ wait }) => wait === 'tell');
/** A day that has come: today, until another is chosen, and none before the first. */
const pastDay = (name, first) => {
  const today = () => atVietnam().slice(0, 10);
  // A phone that is opened the next day, or whose clock is behind, may still choose today.
  const control = h('input', { name, type: 'date', required: true, max: today(), min: first <= today() ? first : null,
    onfocus: () => { control.max = today(); } });
  return Object.assign(control, { value: today() });
};
/** Voter contacts that have begun, the newest first. */
const begun = async () => (await rowsOf('meeting')).map(({ d }) => d).filter((row) => row.family === 'contact'
  && Date.parse(row.startsAt) < Date.now() && !['proposed', 'postponed', 'cancelled'].includes(row.status))
  .sort((a, b) => Date.parse(b.startsAt) - Date.parse(a.startsAt));
/** A form that makes one row of the outbox; of a day (`on`) that is over nobody knows the hour. */
const record = (title, collection, made, ...fields) => h('details', { class: 'act' }, h('summary', {}, title),
  form({}, ({ on, ...filled }) => {
    const now = atVietnam();
    const patch = { ...made, ...filled, at: !on || now.startsWith(on) ? now : `${on}T12:00:00.000+07:00` };
    return queue([{ mutationId: newId(), collection, id: newId(), patch, recordedAt: now }]);
  }, fields, h('button', { class: 'main' }, 'Lưu')));

export async function petitionList() {
  const { lists = {}, units = [] } = await meta('profile') ?? {};
  const options = (list) => (lists[list] ?? []).map(({ code, label }) => [code, label]);
  const agencies = new Map((await rowsOf('agency')).map(({ d }) => [d.id, d.name]));
  const contacts = await begun();
  const [places, meetings] = [new Map(units.map(({ id, name }) => [id, name])),
    new Map((await rowsOf('meeting')).map(({ d }) => [d.id, d.title]))];
  // What one wrote down oneself, so that one finds the people again: who asked to be called stands in the office's list alone.
  const slip = ({ content, subUnit, unitId, recordedAt, meetingId }) => h('div', { class: 'item said' }, lines(content ?? ''),
    h('p', { class: 'fine' },
      [subUnit, places.get(unitId), inDays(recordedAt), meetings.get(meetingId)].filter(Boolean).join(' · ')));
  const everything = (await petitions()).sort((a, b) => (due(a) ?? '9').localeCompare(due(b) ?? '9'));
  const one = (petition, ...actions) => h('article', { class: 'card petition', id: petition.id },
    h('h3', {}, petition.title ?? 'Kiến nghị'),
    h('p', { class: 'fine' }, [petition.number && `Số ${petition.number}`, PROCESS[petition.process],
      agencies.get(petition.agencyId), due(petition) && `hạn ${inDays(due(petition))}`,
      petition.urgings > 0 && `đã đôn đốc ${petition.urgings} lần`,
      petition.informedAt && `thông tin lại ${inDays(petition.informedAt)}`,
      petition.satisfaction && `cử tri: ${labelOf(lists, 'satisfaction', petition.satisfaction).toLowerCase()}`,
    ].filter(Boolean).join(' · ')),
    petition.content && fold('Nội dung', lines(petition.content)),
    petition.outcome && petition.answerText && h('blockquote', {}, lines(petition.answerText), h('footer', {},
      [agencies.get(petition.agencyId), petition.answerNumber && `văn bản ${petition.answerNumber}`,
        petition.outcome && labelOf(lists, 'outcome', petition.outcome),
        petition.roadmapAt && `lộ trình đến ${inDays(petition.roadmapAt)}`].filter(Boolean).join(' · '))),
    petition.wait === 'tell' && petition.said.length > 0 && [h('h4', {}, `Tôi đã ghi của cử tri (${petition.said.length})`),
      petition.said.slice(0, 3).map(slip), more('Các phiếu khác', petition.said.slice(3).map(slip))],
    petition.sent ? h('p', { class: 'fine pending' }, 'Đã ghi trên máy, đang chờ gửi.') : actions);
  const inform = (petition) => {
    const day = pastDay('on', petition.answeredAt);
    const there = contacts.filter(({ startsAt }) => startsAt.slice(0, 10) >= (petition.answeredAt ?? '')).slice(0, 20);
    const where = select('meetingId', [['', 'Không gắn với cuộc nào'],
      ...there.map(({ id, title, startsAt }) => [id, `${inDays(startsAt)}: ${title}`])], '');
    // Whoever told them there did so on its day.
    where.addEventListener('input', () => {
      day.value = there.find(({ id }) => id === where.value)?.startsAt.slice(0, 10) ?? day.value;
    });
    return record('Đã thông tin lại cho cử tri', 'informing', { petitionId: petition.id },
      field('Bằng cách nào', select('channel', options('informing_channel'), 'contact_meeting')),
      there.length > 0 && field('Tại cuộc tiếp xúc', where), field('Ngày thông tin', day),
      field('Cử tri có hài lòng không', select('satisfaction', [['', 'Chưa hỏi'], ...options('satisfaction')], '')),
      field('Cử tri nói gì thêm', area('note', '', 2_000, 2)));
  };
  const urge = (petition) => record('Đôn đốc', 'urging', { targetKind: 'petition', targetId: petition.id },
    field('Hình thức', select('how', options('urging_how'), 'phone')),
    field('Lời đôn đốc', area('text', '', 5_000, 2)), field('Số văn bản', text('documentNumber', '', 100)));
  const { tell = [], others = [], late = [], over = [], open = [] } = Object.groupBy(everything, (petition) => petition.wait
    || ((isOverdue(petition) || isPromiseLate(petition)) && 'late') || (OVER.includes(petition.process) && 'over') || 'open');
  return [
    h('h1', {}, 'Kiến nghị'),
    h('h2', {}, `Cần thông tin lại cho cử tri (${tell.length})`), tell.map((petition) => one(petition, inform(petition))),
    h('h2', {}, `Quá hạn, cần đôn đốc (${late.length})`), late.map((petition) => one(petition, urge(petition))),
    more('Có trả lời, cử tri do người khác gặp', others.map((petition) => one(petition, inform(petition)))),
    more('Đang giải quyết', open.map((petition) => one(petition, petition.process === 'forwarded' && urge(petition)))),
    more('Đã thông tin lại, đã khép', over.map((petition) => one(petition))),
  ];
}
