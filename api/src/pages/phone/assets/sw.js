// Keeps the page itself, so that it opens without a network. Never an answer of the server: rows live in IndexedDB,
// where one account's are not another's, and where they can be erased.
const RELEASE = '@';
const FILES = ['phone.css', 'app.js', 'api.js', 'brief.js', 'bundle.js', 'dom.js', 'ids.js', 'invitations.js',
  'login.js', 'outbox.js', 'petitions.js', 'photo.js', 'store.js', 'sync.js', 'today.js', 'wake.js', 'write.js',
  'icon.svg', 'icon-192.png'];
const SHELL = ['/dien-thoai', '/dien-thoai/manifest.webmanifest', ...FILES.map((file) => `/dien-thoai/${RELEASE}/${file}`)];
const on = (name, work) => self.addEventListener(name, (event) => event.waitUntil(work(event)));
on('install', async () => {
  await (await caches.open(RELEASE)).addAll(SHELL.map((path) => new Request(path, { cache: 'no-cache' })));
  await self.skipWaiting();
});

on('activate', async () => {
  for (const name of await caches.keys()) if (name !== RELEASE) await caches.delete(name);
  await self.clients.claim();
});

self.addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== location.origin || !SHELL.includes(pathname)) return;
  event.respondWith((async () => await caches.match(pathname, { cacheName: RELEASE }) ?? fetch(event.request))());
});
// Without a word of what is new: a notification lies on a locked screen.
on('push', async () => {
  const pages = await self.clients.matchAll({ type: 'window' });
  for (const page of pages) page.postMessage('wake');
  if (pages.some(({ visibilityState }) => visibilityState === 'visible')) return;
  await self.registration.showNotification('Sổ tay đại biểu', { body: 'Có thông tin mới. Mở sổ tay để xem.', tag: 'wake' });
});

on('notificationclick', async ({ notification }) => {
  notification.close();
  const [page] = await self.clients.matchAll({ type: 'window' });
  await (page ? page.focus() : self.clients.openWindow('/dien-thoai'));
});
