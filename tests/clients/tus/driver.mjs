// One upload by an unmodified tus-js-client, as an app would do it that keeps nothing but the file:
//   node driver.mjs ADDRESS TOKEN FILE [OPTIONS as JSON]
// It asks first at the address that the hash gives, and begins anew where nothing is. Each step is a line of JSON.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { Upload } from 'tus-js-client';

const [address, token, path, more] = process.argv.slice(2);
const bytes = readFileSync(path);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

let sent = 0;
const upload = new Upload(createReadStream(path), {
  endpoint: `http://${address}/files`,
  uploadUrl: `http://${address}/files/${sha256}`,
  metadata: { sha256, filename: 'anh-cua-cu-tri.jpg' },
  uploadSize: bytes.length,
  chunkSize: 256 * 1024,
  retryDelays: [100, 300, 1000, 2000],
  headers: { Authorization: `Bearer ${token}` },
  onBeforeRequest: (request) => tell({ request: request.getMethod() }),
  onChunkComplete: (size, accepted) => {
    sent += size;
    tell({ accepted });
  },
  onSuccess: () => {
    tell({ done: true, sent });
    process.exit(0);
  },
  onError: (error) => {
    const response = error.originalResponse;
    tell({ failed: response?.getStatus() ?? String(error), body: response?.getBody() });
    process.exit(1);
  },
  ...JSON.parse(more ?? '{}'),
});
upload.start();
