// Spreadsheets as offices make them: node driver.mjs write|rows|read FILE
//   write: JSON on stdin, a list of rows of cells; {"date": "2025-02-01"} is a date, {"formula": …, "result": …} a formula
//   many:  COUNT rows of made-up petitions, streamed, with texts shared or not (SHARED=1)
//   read:  the rows of a CSV file as that library reads them, as JSON
import ExcelJS from 'exceljs';

const [what, file, count] = process.argv.slice(2);

async function stdin() {
  let text = '';
  for await (const piece of process.stdin) text += piece;
  return JSON.parse(text);
}

const cell = (value) => (value && value.date ? new Date(`${value.date}T00:00:00Z`) : value);

if (what === 'write') {
  const book = new ExcelJS.Workbook();
  const sheet = book.addWorksheet('Kiến nghị');
  for (const row of await stdin()) sheet.addRow(row.map(cell));
  await book.xlsx.writeFile(file);
} else if (what === 'many') {
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({
    filename: file,
    useSharedStrings: process.env.SHARED === '1',
    useStyles: true,
  });
  const sheet = book.addWorksheet('Kiến nghị');
  sheet.addRow(['STT', 'Nội dung kiến nghị', 'Lĩnh vực', 'Ngày tiếp nhận']).commit();
  for (let n = 1; n <= Number(count); n += 1) {
    const text = `Đề nghị sửa chữa đoạn đường số ${n} tại ấp ${n % 40}, hiện đã xuống cấp, đi lại khó khăn vào mùa mưa lũ`;
    sheet.addRow([n, text, 'Giao thông', new Date('2026-02-01T00:00:00Z')]).commit();
  }
  await book.commit();
} else if (what === 'read') {
  const sheet = await new ExcelJS.Workbook().csv.readFile(file, { map: (value) => value });
  const rows = [];
  sheet.eachRow((row) => rows.push(row.values.slice(1).map((value) => (value === null ? '' : String(value)))));
  process.stdout.write(JSON.stringify(rows));
} else {
  throw new Error(`what is ${what}?`);
}
