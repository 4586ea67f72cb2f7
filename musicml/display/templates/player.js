// Plays the sound of each player on the page and marks the notes that sound: by colour, by thickness and by a box.
(() => {
  "use strict";
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

  // The last row [x, start, ...] that has begun at a time, or -1.
  function rowAt(rows, time) {
    let low = -1, high = rows.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (rows[middle][1] <= time + 0.001) low = middle; else high = middle - 1;
    }
    return low;
  }

  function start(root) {
    const find = (name) => root.querySelector(`.mm-${name}`);
    const data = JSON.parse(find("data").textContent);
    const audio = root.querySelector("audio");
    const [play, icon, word, seek, time, now, pages] =
      ["play", "icon", "word", "seek", "time", "now", "pages"].map(find);
    const whole = root.dataset.scope === "document";
    const byId = new Map(data.notes.map((note) => [note[0], note]));
    const onsets = [...new Set(data.notes.map((note) => note[1]))].sort((a, b) => a - b).map((s) => [0, s]);
    const sounding = new Map();
    let system = null;

    audio.removeAttribute("controls");
    audio.hidden = true;
    find("bar").hidden = false;
    find("help").hidden = false;

    // A tied note is drawn as several heads: n7, n7-1, n7-2.
    const heads = (id) => root.querySelectorAll(`g.note[id="${id}"], g.note[id^="${id}-"]`);

    function mark(id) {
      const drawn = [...heads(id)];
      for (const note of drawn) {
        const head = (note.querySelector(".notehead") || note).getBBox();
        const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const room = 70;
        const place = { x: head.x - room, y: head.y - room, width: head.width + 2 * room,
                        height: head.height + 2 * room, rx: 60, class: "mm-box" };
        for (const [name, value] of Object.entries(place)) box.setAttribute(name, value);
        note.prepend(box);
        note.classList.add("mm-on");
      }
      sounding.set(id, drawn);
      return drawn[0];
    }

    function unmark(id) {
      for (const note of sounding.get(id)) {
        note.classList.remove("mm-on");
        note.querySelectorAll(".mm-box").forEach((box) => box.remove());
      }
      sounding.delete(id);
    }

    function follow(note) {
      const here = note && note.closest("g.system");
      if (!here) return;
      const line = here.getBoundingClientRect(), view = pages.getBoundingClientRect(), head = note.getBoundingClientRect();
      const away = here !== system && (line.top < view.top || line.bottom > view.bottom);
      const aside = head.left < view.left || head.right > view.right;  // on a narrow screen the page is wider than it
      system = here;
      if (!away && !aside) return;
      const gentle = !matchMedia("(prefers-reduced-motion: reduce)").matches;
      pages.scrollBy({ top: away ? line.top - view.top - 12 : 0, left: aside ? head.left - view.left - 60 : 0,
                       behavior: gentle ? "smooth" : "auto" });
    }

    function show() {
      const t = audio.currentTime, idle = audio.paused && t === 0;
      const current = new Set(idle ? [] : data.notes.filter((n) => n[1] <= t + 0.01 && t < n[2] - 0.01).map((n) => n[0]));
      for (const id of [...sounding.keys()]) if (!current.has(id)) unmark(id);
      let last = null;
      for (const id of current) if (!sounding.has(id)) last = mark(id) || last;
      follow(last);
      const bar = data.bars[Math.max(0, rowAt(data.bars, t))];
      const label = data.labels[rowAt(data.labels, t)];
      const words = `Bar ${bar ? bar[0] : 1}${label && !idle ? `, ${label[0]}` : ""}`;
      if (now.textContent !== words) now.textContent = words;
      seek.value = t;
      seek.setAttribute("aria-valuetext", `${words}, ${clock(t)} of ${clock(data.duration)}`);
      time.textContent = `${clock(t)} / ${clock(data.duration)}`;
    }

    function state() {
      icon.textContent = audio.paused ? "▶" : "❚❚";
      word.textContent = audio.paused ? "Play" : "Pause";
      show();
    }
    function tick() { show(); if (!audio.paused) requestAnimationFrame(tick); }
    function toggle() {
      if (!audio.paused) return audio.pause();
      audio.play().catch((error) => { now.textContent = `The sound cannot be played here (${error.name}).`; });
    }
    function go(t) {
      audio.currentTime = Math.min(Math.max(0, t), data.duration);
      show();
    }
    function step(rows, forward) {
      // Going back shortly after a beginning means the one before it.
      const at = rowAt(rows, audio.currentTime - (forward ? 0 : 0.35));
      const row = rows[forward ? at + 1 : Math.max(0, at)];
      if (row) go(row[1]);
    }

    play.addEventListener("click", toggle);
    audio.addEventListener("play", () => { state(); tick(); });
    for (const name of ["pause", "ended"]) audio.addEventListener(name, state);
    audio.addEventListener("seeked", show);
    seek.addEventListener("input", () => go(Number(seek.value)));
    find("speed").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });
    find("volume").addEventListener("input", (event) => { audio.volume = Number(event.target.value); });
    audio.volume = Number(find("volume").value);
    pages.addEventListener("click", (event) => {
      const note = event.target.closest("g.note");
      const known = note && byId.get(note.id.split("-")[0]);
      if (known) go(known[1]);
    });
    (whole ? document : root).addEventListener("keydown", (event) => {
      const tag = event.target.tagName;
      if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "SUMMARY", "A", "TEXTAREA"].includes(tag)) return;
      const arrow = event.key === "ArrowRight" || event.key === "ArrowLeft";
      if (event.key === " " && tag !== "BUTTON") toggle();
      else if (arrow && tag !== "INPUT") step(event.shiftKey ? onsets : data.bars, event.key === "ArrowRight");
      else if (event.key === "Home" && tag !== "INPUT") go(0);
      else return;
      event.preventDefault();
    });
    state();
  }

  for (const root of document.querySelectorAll(".mm-player:not([data-ready])")) {
    root.dataset.ready = "yes";
    start(root);
  }
})();
