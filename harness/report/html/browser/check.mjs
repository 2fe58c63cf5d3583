// Has a real browser open class reports and do what people do with them, by keyboard too, and keeps what it saw:
//
//	node check.mjs CHROMIUM PAGES SHOTS
//
// PAGES has class.html (24 students), hostile.html, empty.html and thousand.html, which TestBrowser writes. SHOTS is the
// directory for screenshots and a print. It prints a line for each thing that was seen, and ends with status 1 at the
// first that is not as wanted. puppeteer-core and axe-core are looked for where NODE_PATH says, else beside this file.
import assert from "node:assert/strict";
import {readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const require = createRequire(import.meta.url);
const puppeteer = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [chromium, pages, shots] = process.argv.slice(2);

// Nothing of this outlives whoever has started it for long: with this process ends its browser.
setTimeout(() => {
  console.error("stuck for ten minutes");
  process.exit(1);
}, 600e3).unref();

const wide = {width: 1280, height: 900}, phone = {width: 390, height: 844, isMobile: true, hasTouch: true};

const browser = await (puppeteer.launch || puppeteer.default.launch)({executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
// open opens a page that may load nothing, in a viewport and a theme, and notes what its policy forbids it.
async function open(name, {viewport = wide, theme = "light", hash = ""} = {}) {
  const page = await browser.newPage();
  page.wrong = [];
  page.on("pageerror", error => page.wrong.push(`error: ${error.message}`));
  page.on("console", message => {
    if (message.type() === "error") page.wrong.push(`console: ${message.text()}`);
  });
  page.on("request", request => {
    if (!request.url().startsWith("file:")) page.wrong.push(`request: ${request.url()}`);
  });
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: theme}]);
  await page.goto(pathToFileURL(join(pages, name)).href + hash);
  return page;
}

const go = (page, hash) => page.evaluate(async hash => {
  location.hash = hash;
  await new Promise(resolve => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}, hash);

async function barriers(page, what) {
  const found = await page.evaluate(async source => {
    if (!globalThis.axe) (0, eval)(source);
    const result = await axe.run(document, {resultTypes: ["violations"]});
    return result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html + " " +
      n.failureSummary).join(" | ")}`);
  }, axe).catch(async error => { throw new Error(`axe: ${error.message}`); });
  assert.deepEqual(found, [], `barriers in ${what}`);
}

// whose returns the address of the page of the first student whose row says something.
const whose = (page, what) => page.evaluate(what => [...document.querySelectorAll("#table tbody tr")].
  find(tr => tr.textContent.includes(what)).querySelector("a").hash, what);

// shoot takes a picture of a whole page, in a window that is as high.
async function shoot(page, name) {
  const was = page.viewport();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewport({...was, height: Math.min(height, 4000)});
  await page.evaluate(() => new Promise(resolve => setTimeout(() => requestAnimationFrame(() =>
    requestAnimationFrame(resolve)), 100)));
  await page.screenshot({path: join(shots, name + ".png")});
  await page.setViewport(was);
}

const overflows = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
// cut returns what of students' feedback is wider than its frame, by its first line.
const cut = page => page.$$eval("pre, .printed", all => all.filter(e => e.scrollWidth > e.clientWidth).
  map(e => e.textContent.split("\n")[0]));

// ladders returns the drawn ladders of what is shown: their columns and rows, what is out of the picture or over
// another text in it, and how big the letters are.
const ladders = page => page.$$eval("main > :not([hidden]) .ladder svg", all => all.map(svg => {
  const texts = [...svg.querySelectorAll("text")].map(e => ({says: e.textContent, box: e.getBoundingClientRect()}));
  const frame = svg.getBoundingClientRect();
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 4 || b.bottom <= a.top + 4;
  return {
    names: [...svg.querySelectorAll(".name")].map(e => e.textContent),
    rows: [...svg.querySelectorAll("g")].map(g => [...g.querySelectorAll("text")].map(e => e.textContent).join(" ")),
    wrong: [...svg.querySelectorAll(".wrong")].map(g => g.textContent),
    left: [...svg.querySelectorAll("g")].map(g => g.querySelector(".head, .cross")?.getBBox().x),
    text: svg.parentNode.querySelector("details pre").textContent, label: svg.getAttribute("aria-label"),
    out: texts.filter(({box}) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 4).
      map(({says}) => says),
    over: texts.flatMap((a, i) => texts.slice(i + 1).filter(b => !apart(a.box, b.box)).map(b => `${a.says} / ${b.says}`)),
    size: frame.width / svg.viewBox.baseVal.width * parseFloat(getComputedStyle(svg.querySelector("text")).fontSize),
  };
}));
const names = (page, table = "table") => page.$$eval(`#${table} tbody tr:not([hidden]) th`,
  all => all.map(th => th.textContent));
const said = page => page.$eval("#shown", e => e.textContent);
const active = page => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
const done = what => console.log(`ok: ${what}`);

// tab presses Tab until something has the focus.
async function tab(page, wanted, most = 60) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(wanted)) return;
  }
  assert.fail(`${most} times Tab, and not there: ${wanted}`);
}

async function main() {
  await keyboard();
  await looks();
  await languages();
  await drawn();
  await lecture();
  await hostile();
  await empty();
  await prints();
  await thousand();
}

async function keyboard() {
  const page = await open("class.html");
  const all = await names(page);
  assert.equal(await said(page), `${all.length} of ${all.length} students are shown.`);
  assert.equal(await page.$eval("#shown", e => e.getAttribute("role")), "status");

  await tab(page, () => document.activeElement.closest("[data-key=mark]"));
  await page.keyboard.press("Enter");
  const marks = () => page.$$eval("#table tbody tr td:nth-child(3)", all => all.map(td => parseFloat(td.textContent) || -1));
  const down = await marks();
  assert.deepEqual(down, [...down].sort((a, b) => b - a), "the best first");
  assert.deepEqual(await page.$$eval("#table [aria-sort]", all => all.map(th => th.dataset.key + th.ariaSort)),
    ["markdescending"]);
  await page.keyboard.press("Space");
  const up = await marks();
  assert.deepEqual(up, [...up].sort((a, b) => a - b), "the worst first");
  assert.deepEqual(await page.$$eval("[aria-sort]", all => all.map(th => th.dataset.key + th.ariaSort)), ["markascending"]);
  done("sorted by keyboard");

  await page.focus("#find");
  await page.keyboard.type("LOVELACE");
  const found = await names(page);
  assert.ok(found.length > 0 && found.length < all.length && found.every(n => n.includes("Lovelace")), found.join());
  assert.equal(await said(page), `${found.length} of ${all.length} students are shown.`);
  await page.keyboard.type(" and nobody");
  assert.equal(await said(page), `0 of ${all.length} students are shown. Nobody fits these filters.`);
  await tab(page, () => document.activeElement.type === "reset");
  await page.keyboard.press("Enter");
  await page.waitForFunction(n => document.querySelectorAll("#table tbody tr:not([hidden])").length === n, {}, all.length);
  await page.select("#show", "late");
  const late = await names(page);
  assert.ok(late.length > 0 && late.length < all.length);
  assert.equal(await said(page), `${late.length} of ${all.length} students are shown.`);
  for (const show of ["incomplete", "ungraded", "notes"]) {
    await page.select("#show", show);
    const some = await names(page);
    assert.ok(some.length > 0 && some.length < all.length, show);
    assert.equal(await said(page), `${some.length} of ${all.length} students are shown.`);
  }
  await page.select("#show", "all");
  await page.select("#failed", "10");
  const failed = await names(page);
  assert.ok(failed.length > 0 && failed.length < all.length);
  await go(page, "#map");
  assert.deepEqual(await names(page, "heat"), failed, "the map shows the same, in the same order");
  assert.ok((await page.$$eval("#heat tbody tr:not([hidden]) td:nth-child(13)", all => all.map(td => td.textContent)))
    .every(letter => letter !== "✓"));
  await go(page, "#class");
  done("filtered");

  await page.focus("#failed");
  await tab(page, () => document.activeElement.matches("#table tbody a"));
  const who = await active(page);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#view-student:not([hidden])");
  assert.equal(await page.$eval("#student-head", e => e.textContent), who);
  assert.equal(await active(page), "student-head", "the focus is on the page that was opened");
  assert.ok((await page.title()).startsWith(who));
  await tab(page, () => document.activeElement.textContent === "Next");
  await page.keyboard.press("Enter");
  await page.waitForFunction(who => document.getElementById("student-head").textContent !== who, {}, who);
  const next = await page.evaluate(() => location.hash);
  await page.goBack();
  await page.goBack();
  await page.waitForSelector("#view-class:not([hidden])");
  assert.equal(await active(page), who, "whoever comes back is where they were");
  await page.evaluate(next => {
    location.hash = next;
    location.hash = "#class";
  }, next);
  await page.waitForFunction(next => document.activeElement.hash === next, {}, next).catch(() =>
    assert.fail("whoever goes two steps at once is not where they were"));
  assert.deepEqual(page.wrong, []);
  await page.close();
  done("a student opened, and left, by keyboard");
}

async function looks() {
  for (const [size, viewport] of [["1280", wide], ["390", phone]]) {
    for (const theme of ["light", "dark"]) {
      const page = await open("class.html", {viewport, theme});
      for (const [view, hash] of [["class", "#class"], ["map", "#map"], ["lecture", "#lecture"],
        ["student", await whose(page, "×0.8")], ["refused", await whose(page, "upload it again")],
        ["attempts", await whose(page, "2 of 2")]]) {
        await go(page, hash);
        if ((size === "1280") === (theme === "light")) await barriers(page, `${view} at ${size}, ${theme}`);
        assert.ok(await overflows(page) <= 0, `${view} is wider than ${size}`);
        if (size === "1280") assert.deepEqual(await cut(page), [], `cut off in ${view} at ${size}`);
        if (["lecture", "student"].includes(view)) await legible(page, `${view} at ${size}`);
        if (["class", "map", "lecture", "student"].includes(view) || size === "1280" && theme === "light") {
          await shoot(page, `${view}-${size}-${theme}`);
        }
      }
      assert.deepEqual(page.wrong, []);
      await page.close();
    }
  }
  done("no barriers, on two screens and in two themes");
}

async function languages() {
  for (const [size, viewport] of [["1280", wide], ["390", phone]]) {
    const page = await open("class.html", {viewport});
    await page.$$eval("#languages button", all => all[1].click());
    assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-TW");
    for (const [view, hash] of [["class", "#class"], ["map", "#map"], ["lecture", "#lecture"],
      ["student", await whose(page, "×0.8")]]) {
      await go(page, hash);
      if (size === "390") await barriers(page, `${view} in Chinese`);
      assert.ok(await overflows(page) <= 0, `${view} is wider than ${size} in Chinese`);
      await shoot(page, `${view}-${size}-zh`);
    }
    await go(page, "#class");
    assert.match(await said(page), /^顯示 \d+ 位學生中的 \d+ 位。$/);
    assert.deepEqual(await page.$$eval("#languages [aria-pressed=true]", all => all.map(b => b.lang)), ["zh-TW"]);
    await page.$$eval("#languages button", all => all[0].click());
    assert.match(await said(page), /students are shown/);
    assert.deepEqual(page.wrong, []);
    await page.close();
  }
  done("both languages, without loading anything again");
}

// legible checks that what is drawn of ladders can be read.
async function legible(page, where) {
  const all = await ladders(page);
  assert.ok(all.length > 0, `no ladder in ${where}`);
  for (const l of all) {
    assert.deepEqual([l.out, l.over], [[], []], `out of the picture, and one over the other, in ${where}`);
    assert.ok(l.size >= 9.5, `letters of ${l.size} px in ${where}`);
  }
}

// drawn checks that ladders are what their text says.
async function drawn() {
  for (const viewport of [wide, phone]) {
    const page = await open("class.html", {viewport});
    const n = (await names(page)).length;
    // first opens the page of the first student who has a ladder that says something, and returns it.
    const first = async what => {
      for (let i = 0; i < n; i++) {
        await go(page, `#s${i}`);
        const found = (await ladders(page)).find(l => l.text.includes(what));
        if (found) return found;
      }
      return assert.fail(`no ladder says ${what}`);
    };
    const late = await first("the story wants it after 300ms");
    assert.deepEqual(late.names, ["client", "server"]);
    assert.equal(late.rows.length, 13);
    assert.equal(late.rows[2], '200.000ms "This is another message" ✗ the story wants it after 300ms');
    assert.equal(late.rows[6], "… (19 more)");
    assert.deepEqual(late.wrong, ['200.000ms"This is another message"✗ the story wants it after 300ms']);
    const back = await first("only its first 512");
    assert.ok(back.left[0] > back.left[1], "there to the right, and back to the left");
    assert.match(back.label, /^A ladder of the datagrams between alice, server, 8 in all;/);
    assert.ok(back.text.startsWith("               alice  "), "it is there as text, in its columns");
    const details = await page.$("main > :not([hidden]) .ladder details");
    await details.$eval("summary", e => e.focus());
    await page.keyboard.press("Enter");
    assert.ok(await details.evaluate(e => e.open), "by keyboard too");
    await barriers(page, "a ladder as text");
    assert.deepEqual(page.wrong, []);
    await page.close();
  }
  done("ladders are drawn, and are there as text");
}

// lecture fills the screen, as with a projector.
async function lecture() {
  const page = await open("class.html", {hash: "#lecture"});
  const stands = await page.$$eval("#view-lecture article:first-of-type li", all => all.map(li => li.textContent));
  for (const told of [/^06-pmtu: not begun by \d+ of \d+ students$/, /^04-backoff: did not compile for \d+ of/,
    /^\d\d-.*\/Test.*: passed by \d+ of \d+ students, which is among the fewest$/]) {
    assert.ok(stands.some(line => told.test(line)), `${told} is nowhere in ${stands.join("; ")}`);
  }
  const heads = await page.$$eval("#view-lecture h3", all => all.map(h => h.textContent));
  assert.ok(heads.every(h => !/([.:]\s|[。：])\s*\S/.test(h)), `one sentence each: ${heads.join(" | ")}`);
  done("the lecture says where the class is");
  await page.click("#present");
  await page.waitForFunction(() => document.fullscreenElement && document.fullscreenElement.id === "view-lecture");
  assert.ok(await page.$eval("#view-lecture article", e => e.offsetHeight >= innerHeight), "each fills it");
  await page.screenshot({path: join(shots, "projected.png")});
  assert.deepEqual(page.wrong, []);
  await page.close();
  done("the lecture fills the screen");
}

async function hostile() {
  const page = await open("hostile.html");
  const n = await page.$$eval("#table tbody tr", all => all.length);
  const before = await page.$$eval("script, style", all => all.length);
  for (const hash of ["#map", "#lecture", ...Array.from({length: n}, (_, i) => `#s${i}`), "#class", "#s999", "#<img>",
    "#__proto__"]) {
    await go(page, hash);
    assert.ok(await overflows(page) <= 0, `${hash} is wider than the page`);
  }
  await page.focus("#find");
  await page.keyboard.type("</script>{{.}}$&");
  assert.ok(!(await page.title()).includes("OWNED") || (await page.title()).includes("<"), await page.title());
  assert.notEqual(await page.title(), "OWNED");
  assert.equal(await page.$$eval("script, style", all => all.length), before);
  assert.equal(await page.$$eval("img, iframe, object, embed, [onclick], [onload], [onerror], main [style*=url]",
    all => all.length), 0);
  await page.click("button[type=reset]");
  const drawn = [];
  for (let i = 0; i < n; i++) {
    await go(page, `#s${i}`);
    drawn.push(...await ladders(page));
  }
  assert.ok(drawn.some(l => l.names[0].startsWith("<img") && l.rows.length === 1 &&
    l.wrong[0].includes("nobody read it")), "a ladder between hostile names is one");
  assert.ok(drawn.every(l => !l.text.includes("no ladder")), "what only looks like one is text");
  await go(page, "#s0");
  await barriers(page, "a hostile student's page");
  await shoot(page, "hostile");
  await go(page, "#class");
  await page.click("button[type=reset]");
  await shoot(page, "hostile-class");
  assert.deepEqual(page.wrong, []);

  // The policy is on: what gets into the page all the same does not run.
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    try { script.textContent = "globalThis.owned = true"; } catch { return "refused"; }
    document.body.append(script);
    return String(globalThis.owned);
  });
  assert.ok(["refused", "undefined"].includes(ran), ran);
  await page.close();
  done("hostile names do nothing");
}

async function empty() {
  const page = await open("empty.html");
  for (const hash of ["#map", "#lecture", "#s0", "#class"]) {
    await go(page, hash);
    await barriers(page, `${hash} of a class without results`);
  }
  assert.deepEqual(page.wrong, []);
  await page.close();
  done("a class of which nothing was graded");
}

async function prints() {
  const page = await open("class.html");
  for (const [view, hash] of [["class", "#class"], ["map", "#map"], ["lecture", "#lecture"],
      ["student", await whose(page, "×0.8")]]) {
    await go(page, hash);
    const pdf = await page.pdf({preferCSSPageSize: true, tagged: true});
    assert.equal(Buffer.from(pdf).subarray(0, 5).toString(), "%PDF-");
    writeFileSync(join(shots, `${view}.pdf`), pdf);
  }
  await page.close();
  done("printed");
}

async function thousand() {
  const page = await open("thousand.html");
  const loaded = await page.evaluate(() => {
    const n = performance.getEntriesByType("navigation")[0];
    return Math.round(n.loadEventEnd);
  });
  assert.equal(await page.evaluate(() => document.querySelectorAll("#table tbody tr").length), 1000);
  const timed = (what, run) => page.evaluate(async (what, run) => {
    const began = performance.now();
    (0, eval)(run);
    await new Promise(resolve => setTimeout(() => requestAnimationFrame(() => setTimeout(resolve))));
    return `${what} ${Math.round(performance.now() - began)} ms`;
  }, what, run);
  const times = [
    await timed("map", `location.hash = "#map"`),
    await timed("sort", `document.querySelector("#heat [data-key=mark] button").click()`),
    await timed("filter", `find.value = "tanaka"; filters.dispatchEvent(new Event("input"))`),
    await timed("scroll", `filters.reset(); document.querySelector("#view-map .scroll").scrollTop = 15000`),
    await timed("class", `location.hash = "#class"`),
    await timed("student", `location.hash = "#s500"`),
  ];
  assert.equal(await page.evaluate(() => document.querySelectorAll("#heat tbody td").length),
    1000 * (1 + await page.$$eval("#heat .task", all => all.length)));
  assert.deepEqual(page.wrong, []);
  await go(page, "#map");
  await page.screenshot({path: join(shots, "thousand-map.png")});
  await page.close();
  done(`1,000 students: open after ${loaded} ms; ${times.join(", ")}`);
}

try {
  await main();
} finally {
  await browser.close();
}
