// Reads a calendar (RFC 5545) from standard input with ical.js and prints its events as JSON.
import ICAL from 'ical.js';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendar = new ICAL.Component(ICAL.parse(Buffer.concat(chunks).toString('utf8')));
if (calendar.getFirstPropertyValue('version') !== '2.0') throw new Error('no version');
const events = calendar.getAllSubcomponents('vevent').map((component) => {
  const event = new ICAL.Event(component);
  const text = (name) => component.getFirstPropertyValue(name);
  return {
    uid: event.uid, summary: event.summary, location: event.location, sequence: event.sequence,
    start: event.startDate.toString(), end: event.endDate.toString(), status: text('status'), categories: text('categories'),
  };
});
process.stdout.write(JSON.stringify(events));
