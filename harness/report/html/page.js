"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const {lessons, students, results, of} = data;
  const tasks = lessons.flatMap(l => l.tasks.map(t => ({...t, lesson: l.name})));
  const states = new Map(data.states.map(s => [s.letter, s]));
  let lang = data.language;
  let outputs; // what the tests have printed is read when the first student's page is opened

  // t says a sentence in the page's language. Its arguments stand where {0}, {1} are.
  const t = (key, ...args) => data.words[lang][key].replace(/\{(\d)\}/g, (_, i) => args[i]);
  const own = sentence => sentence[lang === "en" ? 0 : 1];
  const decimal = x => String(Math.round(x * 100) / 100);

  // make makes an element. Text gets into the page here and nowhere else, as text.
  const make = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  function fill(element, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    element.append(...children.filter(child => child !== ""));
    return element;
  }

  // A task that is worth nothing, in a class where others are, is shown and not counted.
  const counted = tasks.map((task, j) => j).filter(j => !tasks[j].out && (tasks[j].points > 0 || !of));

  // What is known of students, in the order of their numbers.
  const people = students.map((s, i) => {
    const result = results[s.result];
    const letters = result ? [...result.states] : [];
    const good = counted.filter(j => letters[j] === "✓").length;
    return {...s, i, letters, good, full: result && good === counted.length, graded: s.result >= 0};
  });
  const sum = all => all.reduce((a, b) => a + b, 0);

  // columns of the class's table; one that nobody needs is left out.
  const columns = [
    {key: "student", width: 11, narrow: 7, grows: true, sort: p => p.name, head: true},
    {key: "id", width: 7.5, wide: true, sort: p => p.id || "", cell: p => make("div", {class: "name"}, p.id || ""),
      needed: people.some(p => p.id)},
    {key: "mark", width: 6, narrow: 4.5, number: true, sort: p => p.graded ? p.mark : -1,
      cell: p => p.graded ? decimal(p.mark) : "–"},
    {key: "points", width: 6, wide: true, number: true, sort: p => p.graded ? p.earned : -1,
      cell: p => p.graded ? String(p.earned) : "–"},
    {key: "tasks", width: 6.5, narrow: 5.5, number: true, sort: p => p.graded ? p.good : -1,
      cell: p => p.graded ? `${p.good}/${counted.length}` : "–"},
    {key: "factor", width: 7.5, wide: true, number: true, sort: p => p.factor,
      cell: p => p.factor === 1 ? "" : "×" + decimal(p.factor), needed: people.some(p => p.factor !== 1)},
    {key: "attempt", width: 7, wide: true, number: true, sort: p => p.attempt,
      cell: p => p.attempts > 1 ? t("n of m", p.attempt, p.attempts) : "", needed: people.some(p => p.attempts > 1)},
    {key: "note", width: 10, narrow: 5, grows: true, cell: note,
      needed: people.some(p => p.late || p.why || p.unread || p.notes >= 0)},
  ].filter(c => c.needed !== false);

  function note(p) {
    const all = [];
    if (p.late) all.push(make("span", {class: "badge todo"}, t("is late")));
    if (!p.graded) all.push(p.why ? own(p.why) : t("ungraded"));
    if (p.notes >= 0) all.push(t("notes n", data.notes[p.notes].length));
    return make("div", {class: "note"}, ...all.flatMap(x => [x, " "]));
  }

  let sorted = {key: "student", down: false};
  const head = (c, attributes) => make("th", {scope: "col", role: "columnheader", "data-key": c.key,
    class: (c.number ? "n " : "") + (c.wide ? "wide" : ""), ...attributes},
  c.sort ? make("button", {type: "button"}, t(c.key)) : make("span", {}, t(c.key)));
  const link = p => make("a", {href: "#s" + p.i}, make("bdi", {}, p.name));

  const narrow = matchMedia("(max-width: 600px)");
  function widths() {
    const shown = columns.filter(c => !(narrow.matches && c.wide));
    const rem = c => narrow.matches && c.narrow || c.width;
    const {style} = byId("table");
    style.setProperty("--cols", shown.map(c => c.grows ? `minmax(${rem(c)}rem, 1fr)` : `${rem(c)}rem`).join(" "));
    style.setProperty("--least", sum(shown.map(rem)) + "rem");
    const map = byId("heat").style;
    map.setProperty("--cols", `${narrow.matches ? "7.5rem 4rem" : "13rem 4.5rem"} repeat(${tasks.length}, 2rem)`);
    map.setProperty("--least", `calc(${narrow.matches ? 11.5 : 17.5}rem + ${tasks.length * 2}rem)`);
    map.setProperty("--n", tasks.length);
  }
  narrow.addEventListener("change", () => {
    widths();
    lecture();
    show(location.hash, false);
  });

  function table() {
    const body = make("tbody", {role: "rowgroup"}, ...people.map(p =>
      p.row = make("tr", {role: "row"}, ...columns.map(c => c.head ?
        make("th", {scope: "row", role: "rowheader"}, make("div", {class: "name"}, link(p))) :
        make("td", {role: "cell", class: (c.number ? "n " : "") + (c.wide ? "wide" : "")}, c.cell(p))))));
    byId("table").replaceChildren(make("caption", {}, t("caption class")),
      make("thead", {role: "rowgroup"}, make("tr", {role: "row"}, ...columns.map(c => head(c)))), body);
  }

  // heat draws the map when it is first looked at, since it is big.
  function heat() {
    const cells = new Map(data.states.map(s => [s.letter, make("td", {role: "cell", class: s.kind}, s.letter)]));
    const rows = new Map(); // the cells of each result
    const of = p => {
      if (!rows.has(p.result)) {
        rows.set(p.result, make("tr", {role: "row"}, ...tasks.map((task, j) => {
          const cell = cells.get(p.letters[j] || "–").cloneNode(true);
          if (task.out) cell.classList.add("out");
          return cell;
        })));
      }
      return rows.get(p.result).cloneNode(true);
    };
    const graded = people.filter(p => p.graded);
    const spans = (n, c) => { c.style.gridColumn = "span " + n; return c; };
    byId("heat").replaceChildren(make("caption", {}, t("caption map")),
      make("thead", {role: "rowgroup"},
        make("tr", {role: "row"}, spans(2, make("td", {role: "cell", colspan: 2})), ...lessons.map(l =>
          spans(l.tasks.length, make("th", {scope: "colgroup", role: "columnheader", colspan: l.tasks.length,
            class: "lesson"}, l.name)))),
        make("tr", {role: "row"}, head(columns.find(c => c.key === "student")),
          head(columns.find(c => c.key === "mark")), ...tasks.map(task =>
            make("th", {scope: "col", role: "columnheader", class: task.out ? "task out" : "task", title: task.name},
              task.name.replace(/^Test/, "") + (task.out ? ` (${t("out")})` : "")))),
        make("tr", {role: "row"}, make("th", {scope: "row", role: "rowheader"}, t("passed by")),
          make("td", {role: "cell"}), ...tasks.map((_, j) => make("td", {role: "cell", class: "rate"}, graded.length ?
            Math.floor(100 * graded.filter(p => p.letters[j] === "✓").length / graded.length) + "%" : "–")))),
      make("tbody", {role: "rowgroup"}, ...people.map(p => {
        p.heat = of(p);
        p.heat.prepend(make("th", {scope: "row", role: "rowheader"}, link(p)),
          make("td", {role: "cell", class: "n"}, p.graded ? decimal(p.mark) : "–"));
        return p.heat;
      })));
    byId("legend").replaceChildren(...data.states.map(s =>
      make("li", {}, make("span", {class: "sign " + s.kind}, s.letter), own(s.name))));
    byId("out").replaceChildren(...tasks.some(task => task.out) ? [make("p", {}, t("out why")),
      make("ul", {class: "list"}, ...tasks.filter(task => task.out).map(task =>
        make("li", {}, make("code", {}, `${task.lesson}/${task.name}`), ": ", task.out)))] : []);
  }

  const wanted = {
    all: () => true, late: p => p.late, incomplete: p => !p.full, ungraded: p => !p.graded, notes: p => p.notes >= 0,
  };

  // arrange sorts and filters whatever tables there are, and says how many rows are shown.
  function arrange() {
    const find = byId("find").value.trim().toLowerCase();
    const want = wanted[byId("show").value] || wanted.all;
    const task = byId("failed").value;
    const by = columns.find(c => c.key === sorted.key).sort;
    const compare = new Intl.Collator(lang, {numeric: true}).compare;
    const ordered = [...people].sort((a, b) => {
      const x = by(a), y = by(b);
      return (sorted.down ? -1 : 1) * (typeof x === "string" ? compare(x, y) : x - y) || a.i - b.i;
    });
    let shown = 0;
    for (const p of ordered) {
      p.shown = !!want(p) && (!task || p.letters[task] !== "✓") &&
        (!find || p.name.toLowerCase().includes(find) || (p.id || "").toLowerCase().includes(find));
      shown += p.shown;
    }
    order = ordered.filter(p => p.shown);
    for (const [id, row] of [["table", "row"], ["heat", "heat"]]) {
      const body = byId(id).querySelector("tbody");
      if (!body) continue;
      for (const p of ordered) if (p[row].hidden === p.shown) p[row].hidden = !p.shown;
      if (ordered.some((p, i) => body.rows[i] !== p[row])) body.replaceChildren(...ordered.map(p => p[row]));
      for (const th of byId(id).querySelectorAll("[data-key]")) {
        if (th.dataset.key !== sorted.key) th.removeAttribute("aria-sort");
        else th.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      }
    }
    byId("shown").textContent = t("rows", shown, people.length) + (shown ? "" : " " + t("none"));
  }
  let order = people;

  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    const th = button.closest("[data-key]");
    if (th) {
      const {key} = th.dataset;
      sorted = {key, down: sorted.key === key ? !sorted.down : !!columns.find(c => c.key === key).number};
      arrange();
    } else if (button.lang) {
      lang = button.lang;
      speak();
    } else if (button.id === "present") {
      byId("view-lecture").requestFullscreen();
    }
  });
  byId("filters").addEventListener("input", arrange);
  byId("filters").addEventListener("reset", () => setTimeout(arrange));
  byId("filters").addEventListener("submit", event => event.preventDefault());
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => { d.open = true; }));

  function summary() {
    const marks = people.filter(p => p.graded).map(p => p.mark).sort((a, b) => a - b);
    const n = marks.length, middle = n >> 1;
    const median = n ? n % 2 ? marks[middle] : (marks[middle - 1] + marks[middle]) / 2 : 0;
    byId("figures").replaceChildren(...[
      ["students", people.length], ["median", n ? t("of", decimal(median), of) : "–"],
      ["mean", n ? decimal(sum(marks) / n) : "–"], ["full", people.filter(p => p.full).length],
      ["late", people.filter(p => p.late).length], ["ungraded", people.length - n],
    ].flatMap(([key, value]) => [make("dt", {}, t(key)), make("dd", {}, String(value))]));
    byId("distribution").hidden = !n || !of;
    if (n && of) distribution(marks);
  }

  // distribution draws how many students have which mark, in ten steps.
  function distribution(marks) {
    const steps = 10, width = 640, height = 190, floor = 160, room = width / steps;
    const counts = new Array(steps).fill(0);
    for (const mark of marks) counts[Math.max(0, Math.min(steps - 1, Math.floor(mark / of * steps)))]++;
    const most = Math.max(...counts);
    const edge = i => `${100 * i / steps}%`;
    const said = counts.map((count, i) => t(i === steps - 1 ? "bin" : "bin below", edge(i), edge(i + 1), count));
    byId("distribution").replaceChildren(
      draw("svg", {viewBox: `-24 0 ${width + 48} ${height}`, role: "img",
        "aria-label": `${t("distribution")}. ${said.join("; ")}.`},
      ...counts.flatMap((count, i) => {
        const tall = Math.round(count / most * (floor - 25));
        const bar = {class: "bar", x: i * room + 4, y: floor - tall, width: room - 8, height: tall, rx: 2};
        return count ? [draw("rect", bar),
          draw("text", {x: (i + .5) * room, y: floor - tall - 6, "text-anchor": "middle"}, String(count))] : [];
      }),
      draw("line", {class: "axis", x1: 0, x2: width, y1: floor + .5, y2: floor + .5}),
      ...Array.from({length: steps / 2 + 1}, (_, i) => draw("text",
        {class: "soft", x: 2 * i * room, y: floor + 20, "text-anchor": "middle"}, edge(2 * i)))),
      make("figcaption", {}, t("axis", of) + t("stop") + t("axis people")));
  }

  // standing tells how far the class is: what it has not begun, what could not be run, and what the fewest have passed.
  function standing() {
    const graded = people.filter(p => p.graded), said = [];
    if (!graded.length) return [];
    const inLesson = l => tasks.map((task, j) => j).filter(j => tasks[j].lesson === l.name);
    for (const [key, has] of [
      ["not begun", (letters, js) => js.every(j => "–T".includes(letters[j]))],
      ["not compiled", (letters, js) => js.some(j => letters[j] === "C")],
      ["was refused", (letters, js) => js.some(j => letters[j] === "R")],
    ]) {
      const met = lessons.map(l => ({l, n: graded.filter(p => has(p.letters, inLesson(l))).length}));
      for (const {l, n} of met.filter(m => m.n).sort((a, b) => b.n - a.n)) said.push(t(key, l.name, n, graded.length));
    }
    const passed = counted.map(j => ({j, n: graded.filter(p => p.letters[j] === "✓").length}));
    const fewest = passed.filter(x => x.n < graded.length).sort((a, b) => a.n - b.n || a.j - b.j).slice(0, 3);
    for (const {j, n} of fewest) said.push(t("fewest", `${tasks[j].lesson}/${tasks[j].name}`, n, graded.length));
    return said.length ? [make("article", {"aria-labelledby": "standing"}, make("h3", {id: "standing"}, t("standing")),
      make("ul", {class: "list"}, ...said.map(line => make("li", {}, line))))] : [];
  }

  // headline returns the first sentence of what a failure most likely means, which is to be read from afar, and the rest.
  const headline = says => (says.match(/^(.+?(?:[.:]\s|[。：]))(.+)$/s) || [0, says, ""]).slice(1).map(s => s.trim());

  function lecture() {
    const graded = people.filter(p => p.graded).length, stand = standing();
    byId("view-lecture").replaceChildren(
      make("h2", {id: "lecture-head", tabindex: -1}, t("lecture head")),
      make("p", {class: "about"}, data.rules.length ? t("lecture about") + t("written in") : t("nothing")),
      data.rules.length || stand.length ? make("button", {type: "button", id: "present"}, t("present")) : "", ...stand,
      ...data.rules.map((r, i) => make("article", {"aria-labelledby": "rule" + i},
        make("p", {class: "count"}, t("example of n", i + 1, data.rules.length)),
        make("h3", {id: "rule" + i}, headline(r.says || r.rule)[0]),
        headline(r.says)[1] ? make("p", {class: "rest"}, headline(r.says)[1]) : "",
        make("p", {class: "met"}, make("strong", {}, t("met by", r.students, graded)), t("comma"),
          make("span", {}, t("met in", r.tasks.map(j => `${tasks[j].lesson}/${tasks[j].name}`).join(t("separator"))))),
        r.example ? withLadders(r.example, `${t("example")} ${i + 1}`) : make("p", {}, t("no example")))));
  }

  function facts() {
    byId("facts").querySelector("dl").replaceChildren(...data.facts.flatMap(([key, value]) =>
      [make("dt", {}, t(key)), make("dd", {}, value)]));
  }

  // student shows somebody's page.
  function student(p) {
    outputs = outputs || JSON.parse(byId("outputs").textContent);
    const at = order.indexOf(p);
    const step = (q, key) => q ? make("a", {href: "#s" + q.i}, t(key)) : "";
    const result = results[p.result];
    const meta = [p.id, p.at && t("handed", p.at) + (p.clock ? ` (${own(p.clock)})` : ""), p.by && t("late by", p.by),
      p.attempts > 1 && t("nth", p.attempt, p.attempts)].filter(Boolean);
    const score = [["points", t("n of m", p.earned, of)], ...p.factor !== 1 ? [["factor", "×" + decimal(p.factor)]] : [],
      ["mark", decimal(p.mark)]];
    byId("view-student").replaceChildren(...[
      make("nav", {class: "steps", "aria-label": t("students")}, make("a", {href: "#class"}, t("back")),
        step(order[at - 1], "previous"), step(at >= 0 ? order[at + 1] : undefined, "next")),
      make("h2", {id: "student-head", tabindex: -1}, make("bdi", {}, p.name)),
      make("p", {class: "meta"}, meta.join(" · ")),
      p.graded ? make("dl", {class: "score"}, ...score.map(([key, value]) =>
        make("div", {}, make("dt", {}, t(key)), make("dd", {}, value)))) : "",
      p.why ? make("p", {class: "notice"}, own(p.why)) : "",
      p.unread ? make("p", {class: "notice"}, t("unread", p.unread)) : "",
      ...p.others ? attempts(p.others) : [],
      ...p.notes >= 0 ? [make("h3", {}, t("notes")), list(data.notes[p.notes])] : [],
      ...result ? reading(result) : [],
      ...result ? lessons.map((l, i) => lesson(l, i, result, p.letters)) : [],
      p.left >= 0 ? make("details", {}, make("summary", {}, t("left", data.notes[p.left].length)),
        list(data.notes[p.left])) : "",
    ].filter(x => x !== ""));
  }

  const list = sentences => make("ul", {class: "list"}, ...sentences.map(s => make("li", {}, own(s))));

  function attempts(all) {
    const head = (key, number) => make("th", {scope: "col", class: number ? "n" : ""}, t(key));
    return [make("h3", {}, t("attempts")), make("div", {class: "scroll", tabindex: 0, role: "group",
      "aria-label": t("attempts")}, make("table", {class: "plain"}, make("thead", {}, make("tr", {}, head("attempt"),
      head("at"), head("points", 1), head("factor", 1), head("mark", 1), head("note"))), make("tbody", {}, ...all.map(a =>
      make("tr", {}, make("th", {scope: "row"}, String(a.number)), make("td", {}, a.at || ""),
        ...[a.earned, a.factor, a.mark].map(x => make("td", {class: "n"}, a.graded ? decimal(x) : "–")),
        make("td", {}, [a.counts && t("counts"), !a.graded && t("ungraded")].filter(Boolean).join(t("separator"))))))))];
  }

  // reading lists a page to read next for each lesson: the hints that the first failure there names, or what is to be
  // read before anything is written.
  function reading(result) {
    const pages = lessons.flatMap(l => {
      const here = result.tasks.filter(([j, , , , page]) => page >= 0 && tasks[j].lesson === l.name);
      return [here.find(([, , , , page]) => data.texts[page].includes("/hints")) || here[0]].filter(Boolean);
    });
    return pages.length ? [make("h3", {}, t("read")), make("ul", {class: "list"}, ...pages.map(([j, , , , page]) => {
      const name = data.texts[page];
      const part = name.includes("/hints") ? [t("comma"), t("section", tasks[j].name)] : [];
      return make("li", {}, make("code", {}, name), ...part);
    }))] : [];
  }

  function lesson(l, i, result, letters) {
    const from = sum(lessons.slice(0, i).map(x => x.tasks.length));
    const about = new Map(result.tasks.map(x => [x[0], x]));
    let points = 0, most = 0, last = "";
    // What is said of each task alike, as when nothing was handed in, is said once.
    const [, every, printed] = about.get(from) || [0, -1, -1];
    const alike = every >= 0 && l.tasks.length > 1 && l.tasks.every((_, k) => about.get(from + k)?.[1] === every);
    const feedback = (output, name) => withLadders(outputs[output], t("output", name));
    const rows = l.tasks.map((task, k) => {
      const state = states.get(letters[from + k]), good = state.letter === "✓";
      const earned = good && !task.out ? task.points : 0;
      points += earned;
      most += task.out ? 0 : task.points;
      const [, reason, output, first] = about.get(from + k) || [0, -1, -1, -1];
      const why = reason < 0 ? "" : data.texts[reason];
      const again = why !== "" && why === last;
      last = why;
      const more = [
        task.out ? make("p", {class: "reason"}, `${t("out why")} ${task.out}`) : "",
        alike || !why || !again && output >= 0 ? "" : make("p", {class: "reason"}, again ? t("same") : why),
        first >= 0 ? make("p", {class: "reason"}, t("first", data.texts[first])) : "",
        output >= 0 && !again && !alike ? feedback(output, `${l.name}/${task.name}`) : "",
      ].filter(x => x !== "");
      return make("li", {}, make("div", {class: "row"}, make("span", {class: "badge " + state.kind}, own(state.name)),
        make("code", {}, task.name),
        make("span", {class: "points"}, task.out ? t("out") : t("n of m", earned, task.points))),
      more.length ? make("div", {class: "more"}, ...more) : "");
    });
    const files = (result.files || {})[i], notes = (result.notes || {})[i] || [];
    return make("section", {"aria-labelledby": "lesson" + i},
      make("h3", {id: "lesson" + i, class: "lesson-head"}, l.name, make("span", {}, t("n of m", points, most))),
      files || !alike ? make("p", {class: "files"}, files ? t("files", files.join(t("separator"))) : t("no files")) : "",
      ...notes.map(n => make("p", {class: "files"}, n)), alike ? make("p", {class: "reason"}, data.texts[every]) : "",
      alike && printed >= 0 ? feedback(printed, l.name) : "", make("ul", {class: "tasks"}, ...rows));
  }

  // withLadders shows what a test has printed. The ladders in it are drawn, and stay there as text.
  function withLadders({text, ladders = []}, label) {
    const frame = {tabindex: 0, role: "group", dir: "ltr", "aria-label": label};
    if (!ladders.length) return make("pre", frame, text);
    const lines = text.split("\n"), parts = [];
    const plain = (from, to) => {
      const some = lines.slice(from, to).join("\n").replace(/^\n+|\n+$/g, "");
      if (some) parts.push(make("pre", {}, some));
    };
    let end = 0;
    for (const l of ladders) {
      plain(end, l.line);
      end = l.line + l.lines;
      parts.push(make("figure", {class: "ladder"}, ladder(l), make("details", {}, make("summary", {}, t("as text")),
        make("pre", {}, lines.slice(l.line, end).join("\n")))));
    }
    plain(end);
    return make("div", {...frame, class: "printed"}, ...parts);
  }

  const pen = document.createElement("canvas").getContext("2d"); // knows how wide a text is before it is in the page

  // ladder draws a line down for each participant, and across them the datagrams, one below the other.
  function ladder({who, rows}) {
    const size = narrow.matches ? 11 : 13, tall = 2 * size, low = 1.5 * size, space = .8 * size;
    const {fontFamily} = getComputedStyle(document.body);
    const fonts = {mono: `${size}px ${getComputedStyle(document.documentElement).getPropertyValue("--mono")}`,
      note: `${size}px ${fontFamily}`, name: `600 ${size}px ${fontFamily}`};
    const room = (text, kind) => {
      pen.font = fonts[kind];
      return pen.measureText(text).width;
    };
    const sent = rows.filter(r => r.label), last = who.length - 1;
    const names = who.map(name => room(name, "name")), labels = new Map(sent.map(r => [r, room(r.label, "mono")]));
    const left = Math.max(...rows.map(r => room(r.at, "mono"))) + space + Math.max(space, names[0] / 2 - 4 * space);
    const right = Math.max(space, names[last] / 2, ...sent.filter(r => r.from === r.to && r.from === last).
      map(r => labels.get(r) + 3 * space));
    const gap = Math.max((narrow.matches ? 328 : 640) / Math.max(1, last) - (left + right) / Math.max(1, last),
      ...names.slice(1).map((name, i) => (name + names[i]) / 2 + 2 * space),
      ...sent.filter(r => r.from !== r.to || r.from < last).
        map(r => (labels.get(r) + 2.8 * space) / Math.max(1, Math.abs(r.to - r.from))));
    const x = i => left + i * gap, width = Math.ceil(x(last) + right);
    const write = (kind, x, y, text, anchor = "start") =>
      draw("text", {class: kind, x, y: y + .35 * size, "text-anchor": anchor}, text);
    // over writes what stands over lines.
    const over = (kind, x, y, text) => [draw("rect", {x: x - 2, y: y - .6 * size, width: room(text, kind) + 4,
      height: 1.2 * size}), write(kind, x, y, text)];

    // fold breaks what is said of a row where it gets too wide.
    const fold = note => {
      const all = [""];
      for (const word of note.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+/gu) || []) {
        const most = width - left - 2 * space, glued = all.at(-1) + word;
        if (room(glued, "note") <= most) all[all.length - 1] = glued;
        else if (room(word, "note") <= most) all.push(word.trimStart());
        else for (const c of word) {
          if (room(all.at(-1) + c, "note") > most) all.push("");
          all[all.length - 1] += c;
        }
      }
      return all;
    };

    // arrow draws a datagram's way; one that did not arrive ends with a cross.
    const arrow = (r, y) => {
      const right = r.to > r.from ? 1 : -1, head = .6 * size;
      if (r.from === r.to) {
        const x0 = x(r.from), loop = 1.6 * space;
        return [draw("path", {class: "shaft", d: `M${x0} ${y - head}h${loop}v${2 * head}H${x0 + head}`}),
          draw("path", {class: "head", d: `M${x0} ${y + head}l${head} ${-head / 2}v${head}z`}),
          ...over("mono", x0 + 2 * space, y, r.label)];
      }
      const end = x(r.to) - right * (r.lost ? head + 2 : 0), cross = head / 2;
      return [draw("path", {class: r.forged ? "shaft forged" : "shaft", d: `M${x(r.from)} ${y}H${end - right * cross}`}),
        r.lost ?
          draw("path", {class: "cross", d: `M${end - cross} ${y - cross}l${head} ${head}m0 ${-head}l${-head} ${head}`}) :
          draw("path", {class: "head", d: `M${end} ${y}l${-right * head} ${-head / 2}v${head}z`}),
        ...over("mono", (x(r.from) + x(r.to) - labels.get(r)) / 2, y, r.label)];
    };

    let y = tall;
    const drawn = rows.map(r => {
      const notes = (r.notes || []).flatMap(fold), own = r.label ? tall : 0, top = y;
      const height = Math.max(low, own + low * notes.length + (own && notes.length ? .3 * size : 0));
      y += height;
      return draw("g", {class: r.bad ? "wrong" : ""}, r.bad ? draw("rect", {x: 0, y: top, width, height: height - 2}) : "",
        ...who.map((_, i) => draw("path", {class: r.at === "…" || r.at === "..." ? "line left-out" : "line",
          d: `M${x(i)} ${top}v${height}`})),
        write("mono time", left - space, top + (own || low) / 2, r.at, "end"), ...r.label ? arrow(r, top + tall / 2) : [],
        ...notes.flatMap((note, i) => over("note", left + space, top + own + low * (i + .5), note)));
    });
    const svg = draw("svg", {viewBox: `0 0 ${width} ${y + 2}`, "font-size": size, role: "img",
      "aria-label": t("ladder", who.join(t("separator")), sent.length)},
    ...who.map((name, i) => write("name", x(i), tall / 2, name, "middle")), ...drawn);
    svg.style.setProperty("--w", width);
    return svg;
  }

  // show shows the part of the page that the end of its address names. came says that somebody went there.
  let before;
  function show(hash, came) {
    const name = hash.slice(1);
    if (came && name === "main") return;
    const number = /^s\d+$/.test(name) ? Number(name.slice(1)) : -1;
    const p = people[number];
    const view = p ? "student" : ["map", "lecture"].includes(name) ? name : "class";
    for (const v of ["class", "map", "lecture", "student"]) byId("view-" + v).hidden = v !== view;
    document.body.dataset.view = view;
    byId("summary").hidden = view !== "class";
    byId("filters").hidden = view !== "class" && view !== "map";
    for (const a of document.querySelectorAll("#nav a")) {
      if (a.hash === "#" + view) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    }
    if (p) student(p);
    if (view === "map" && !byId("heat").firstChild) {
      heat();
      arrange();
    }
    document.title = `${p ? p.name : t(view)} – ${data.title}`;
    if (came) {
      // Whoever comes back from a student's page goes on where they were.
      const row = before && !p && (view === "map" ? before.heat : view === "class" && before.row);
      const target = row && !row.hidden ? row.querySelector("a") : byId((p ? "student" : view) + "-head");
      if (!row) scrollTo(0, 0);
      target.focus({preventScroll: !row});
      if (row) target.scrollIntoView({block: "center"});
    }
    before = p;
  }

  // speak says everything in the page's language.
  function speak() {
    document.documentElement.lang = lang;
    for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
    for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
    for (const b of document.querySelectorAll("#languages button")) b.setAttribute("aria-pressed", b.lang === lang);
    const chosen = ["show", "failed"].map(id => byId(id).value);
    byId("show").replaceChildren(...Object.keys(wanted).map(key => make("option", {value: key}, t("show " + key))));
    byId("failed").replaceChildren(make("option", {value: ""}, t("any")), ...lessons.map(l =>
      make("optgroup", {label: l.name}, ...l.tasks.map(task => make("option",
        {value: tasks.findIndex(x => x.lesson === l.name && x.name === task.name)}, task.name)))));
    byId("show").value = chosen[0] || "all";
    byId("failed").value = chosen[1];
    widths();
    summary();
    table();
    lecture();
    facts();
    byId("heat").replaceChildren();
    arrange();
    show(location.hash, false);
  }

  // Each step of someone who goes two at once is told when location has made both.
  addEventListener("hashchange", event => show(new URL(event.newURL).hash, true));
  speak();
})();
