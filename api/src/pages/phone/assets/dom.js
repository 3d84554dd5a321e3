// The little that pages are made of.

/** An element. Children are elements or text, and text never becomes markup: no row can do anything here. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') element[name] = value;
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** A labelled field; the hint is read out with it. */
export const field = (label, control, hint) => h('label', { class: 'field' }, h('span', {}, label), control,
  hint && h('small', {}, hint));
export const select = (name, options, chosen) => h('select', { name },
  options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)));
const typed = (tag, value, more) => Object.assign(h(tag, more), { value: value ?? '' });
export const text = (name, value, maxlength) => typed('input', value, { name, maxlength, autocomplete: 'off' });
export const area = (name, value, maxlength, rows) => typed('textarea', value, { name, maxlength, rows });
export const card = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), content);
/** What can be opened; and a list, with how many are in it. */
export const fold = (title, ...content) => h('details', {}, h('summary', {}, title), content);
export const more = (title, list) => list.length > 0 && fold(`${title} (${list.length})`, list);
export const lines = (words) => h('p', { class: 'lines' }, words);

const format = (options) => {
  const format = new Intl.DateTimeFormat('vi-VN', { timeZone: 'Asia/Ho_Chi_Minh', ...options });
  return (at) => at && format.format(new Date(at));
};
const hour = format({ hour: '2-digit', minute: '2-digit' });
const day = format({ day: 'numeric', month: 'numeric' });
const weekday = format({ weekday: 'long' });
export const inDays = format({ day: 'numeric', month: 'numeric', year: 'numeric' });
export const inHours = (at) => at && `${hour(at)}, ${day(at)}`;
export const inWords = (at) => at && `${weekday(at)}, ${inDays(at)}, ${hour(at)}`;
