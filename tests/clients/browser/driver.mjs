// Drives a real Chromium as a person with one thumb would: a command per line on stdin, an answer per line on stdout,
// both JSON. It presses and fills by what is written on the screen, and knows nothing of the page's code. What should
// come out is for the tests to say (tests/it/phone_page).

import { createInterface } from 'node:readline';
import axe from 'axe-core';
import puppeteer from 'puppeteer-core';

const [executablePath, userDataDir] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath, userDataDir, headless: true, pipe: true, // by a pipe, so that it ends with this process
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--lang=vi'],
});
const PATIENCE = { timeout: 80_000, polling: 25 };
const tabs = new Map();
const told = [];

/** In the page: presses what has this written on it, as soon as it is to be seen and nothing lies over it; a count beside the
 * words does not matter. In one step: the page may draw itself anew at any moment, and a finger would then meet something
 * else. */
function pressed(words) {
  const bare = ({ childNodes }) => [...childNodes].filter((node) => node instanceof Text).map(({ data }) => data).join('');
  const visible = [...document.querySelectorAll('button, a, summary, label')].filter((element) => element.checkVisibility());
  const found = visible.find(({ textContent }) => textContent.trim() === words)
    ?? visible.find((element) => bare(element).trim() === words)
    ?? visible.find(({ textContent }) => textContent.trim().startsWith(words));
  found?.scrollIntoView({ block: 'center' });
  const { x, y, width, height } = (found ?? document.body).getBoundingClientRect();
  const met = document.elementFromPoint(x + width / 2, y + height / 2);
  if (!found || found.disabled || found.ariaDisabled === 'true' || !(found.contains(met) || met?.contains(found))) return false;
  found.focus();
  found.click();
  return true;
}

/** In the page: the control whose label begins with these words. */
function labelled(words) {
  const label = [...document.querySelectorAll('label')].find((element) => element.checkVisibility()
    && element.textContent.trim().startsWith(words));
  return label?.querySelector('input, select, textarea') ?? null;
}

const commands = {
  /** A tab of this name, and the address in it. */
  async open({ tab, url, width = 360, height = 740, dark }) {
    const page = tabs.get(tab) ?? await browser.newPage();
    if (!tabs.has(tab)) {
      tabs.set(tab, page);
      page.on('console', (message) => message.type() === 'error' && told.push(message.text()));
      page.on('pageerror', (error) => told.push(String(error)));
      page.on('dialog', (dialog) => { told.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
      await page.setViewport({ width, height, deviceScaleFactor: 1, isMobile: true, hasTouch: true });
    }
    if (dark !== undefined) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
    }
    await page.bringToFront();
    await page.goto(url, { waitUntil: 'load' });
  },
  async front({ page }) { await page.bringToFront(); },
  async close({ page, tab }) { tabs.delete(tab); await page.close(); },
  /** From now on this runs in every page that the tab loads, before anything of the page's own. */
  async first({ page, script }) { await page.evaluateOnNewDocument(script); },
  async reload({ page }) { await page.reload({ waitUntil: 'load' }); },
  /** The network really goes, as far as this tab and its worker are concerned. */
  async offline({ page, on }) {
    await page.setOfflineMode(on);
    for (const target of browser.targets().filter((target) => target.type() === 'service_worker')) {
      const session = await target.createCDPSession();
      await session.send('Network.enable');
      await session.send('Network.emulateNetworkConditions', { offline: on, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    }
  },
  /** Presses what is called so. */
  async press({ page, words }) { await page.waitForFunction(pressed, PATIENCE, words); },
  async fill({ page, words, value }) {
    const found = await page.waitForFunction(labelled, PATIENCE, words);
    await found.evaluate((element) => { element.scrollIntoView({ block: 'center' }); element.value = ''; element.focus(); });
    // Words at once, as a keyboard of a phone enters them; a day or an hour has parts that are typed one by one.
    const isText = await found.evaluate(({ type }) => ['text', 'textarea', 'search', 'tel', 'password'].includes(type));
    await (isText ? page.keyboard.sendCharacter(value) : found.type(value));
  },
  /** Chooses the option that holds these words. */
  async choose({ page, words, value }) {
    const found = await page.waitForFunction(labelled, PATIENCE, words);
    await found.evaluate((element, value) => {
      const option = [...element.options].find(({ textContent }) => textContent.includes(value));
      if (!option) throw new Error(`no ${value} among ${[...element.options].map(({ textContent }) => textContent)}`);
      element.value = option.value;
      element.dispatchEvent(new Event('input', { bubbles: true }));
    }, value);
  },
  async attach({ page, words, file }) {
    const found = await page.waitForFunction(labelled, PATIENCE, words);
    await found.uploadFile(file);
  },
  /** Waits until these words can be read. */
  async see({ page, words }) {
    await page.waitForFunction((words) => document.body.innerText.normalize().includes(words), PATIENCE, words).catch(async () => {
      const text = await page.evaluate(() => document.body.innerText);
      throw new Error(`not to be read: ${words}\n${text}\n${told.join('\n')}`);
    });
  },
  async miss({ page, words }) {
    await page.waitForFunction((words) => !document.body.innerText.includes(words), PATIENCE, words);
  },
  async text({ page }) { return page.evaluate(() => document.body.innerText); },
  /** Waits until so many elements match. */
  async number({ page, selector, number }) {
    await page.waitForFunction((selector, number) => document.querySelectorAll(selector).length === number, PATIENCE, selector, number);
  },
  /** What keeps somebody from reading or pressing: axe's rules, targets under 44 pixels, a screen wider than the phone. */
  async audit({ page }) {
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
      for (const element of document.querySelectorAll('button, summary, select, textarea, input, nav a, .button, label.switch')) {
        const target = element.closest('label:has([type=checkbox], [type=radio], [type=file])') ?? element;
        const { width, height } = target.getBoundingClientRect();
        if (element.checkVisibility() && (height < 44 || width < 44)) found.push(`${width}x${height}: ${element.outerHTML}`);
      }
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth > clientWidth) found.push(`${scrollWidth} pixels wide`);
      return found;
    });
  },
  /** Why this browser would not install the page. */
  async hindrances({ page }) {
    const session = await page.createCDPSession();
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    await session.detach();
    return installabilityErrors.map(({ errorId }) => errorId);
  },
  async count({ page, selector }) { return (await page.$$(selector)).length; },
  /** An expression's value in the page. */
  async evaluate({ page, expression }) { return page.evaluate(expression); },
  async shoot({ page, file }) {
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    await page.screenshot({ path: file, optimizeForSpeed: false });
  },
  /** Presses, and takes what is then saved into a folder: the file's path. */
  async save({ page, words, folder }) {
    const session = await browser.target().createCDPSession();
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder, eventsEnabled: true });
    const saved = new Promise((resolve, reject) => {
      let name;
      session.on('Browser.downloadWillBegin', ({ suggestedFilename }) => { name = suggestedFilename; });
      session.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve(`${folder}/${name}`));
      setTimeout(() => reject(new Error(`nothing was saved: ${told.join('\n')}`)), PATIENCE.timeout);
    });
    await commands.press({ page, words });
    return saved;
  },
  /** The browser lets a page of this origin show notifications. */
  async allow({ origin }) { await browser.defaultBrowserContext().overridePermissions(origin, ['notifications']); },
  /** A push service delivers a signal without content to the origin's worker. */
  async wake({ page, origin }) {
    const session = await page.createCDPSession();
    const registered = new Promise((resolve) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const found = registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(origin) && !isDeleted);
        if (found) resolve(found.registrationId);
      });
    });
    await session.send('ServiceWorker.enable');
    const registrationId = await registered;
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: '' });
    await session.detach();
  },
  /** What pages complained of since the last time. */
  async told() { return told.splice(0); },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { done: await commands[command]({ ...given, page: tabs.get(given.tab) }) ?? null };
  } catch (error) {
    answer = { failed: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
