// The queue refreshes itself, a one-time link fills in its code, the reply box keeps words; all works without this file.
"use strict";
(() => {
  const code = document.querySelector("#link #code");
  if (!code || location.hash.length < 2) return;
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.getElementById("password").focus();
})();
(() => {
  const queue = document.getElementById("queue");
  if (!queue) return;
  // One box above the list ticks all; without this file a button of the form does it.
  const boxes = () => [...queue.querySelectorAll("input[name=reference]")];
  const showAll = () => {
    const all = queue.querySelector("#all");
    if (!all) return;
    all.parentElement.hidden = false;
    queue.querySelector("#choose-all").hidden = true;
    all.checked = boxes().every((box) => box.checked);
    all.indeterminate = !all.checked && boxes().some((box) => box.checked);
  };
  queue.addEventListener("change", (event) => {
    if (event.target.id === "all") boxes().forEach((box) => (box.checked = event.target.checked));
    showAll();
  });
  showAll();
  const seconds = Number(queue.dataset.refresh);
  const isBusy = () =>
    document.hidden || queue.contains(document.activeElement) || queue.querySelector("input:checked, details[open]");
  const refresh = async () => {
    if (isBusy()) return;
    try {
      const answer = await fetch(location.href, { redirect: "error", headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("queue");
      if (!fresh || isBusy()) return;
      queue.replaceChildren(...fresh.childNodes);
      showAll();
      const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      document.getElementById("refreshed").textContent = `Up to date at ${time}`;
    } catch {
      document.getElementById("refreshed").textContent = "Cannot be brought up to date now";
    }
  };
  setInterval(refresh, seconds * 1000);
})();
// The reply box keeps what is typed every few seconds, puts a saved answer in where the cursor stands, counts, and says
// who else is writing.
(() => {
  const form = document.getElementById("answer-form");
  if (!form) return;
  const { here } = form.dataset, { words, saved } = form.elements;
  const count = document.getElementById("answer-count"), writing = document.getElementById("answer-writing");
  const fields = () => new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "files"));
  const say = (place, text) => {
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
  };
  const ask = async (path, options) => {
    try {
      const answer = await fetch(here + path, { redirect: "error", ...options });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null;
    }
  };
  // Where the box was refused, a reload would post again what was refused, over what has been typed since.
  const list = form.elements.list?.value;
  if (location.pathname !== here) history.replaceState(null, "", list ? `${here}?list=${encodeURIComponent(list)}` : here);
  let kept = String(fields()), isLeaving = false, timer = 0, rounds = 0;
  const meet = async () => {
    if (isLeaving || document.hidden) return;
    const now = String(fields()), isTyped = now !== kept;
    rounds = (rounds + 1) % 6;
    if (!isTyped && rounds) return;
    const options = isTyped ? { method: "POST", body: fields() } : {};
    const names = await ask(isTyped ? "/draft" : "/writing", options);
    if (names === null) return;
    if (isTyped) kept = now;
    say(writing, names);
  };
  const tally = () => {
    const { most, unit } = form.querySelector("[name=channel]:checked")?.dataset ?? {};
    const length = unit === "bytes" ? new TextEncoder().encode(words.value).length : [...words.value].length;
    const left = Number(most) - length, unitWords = unit === "bytes" ? "bytes" : "characters";
    say(count, most ? (left < 0 ? `${-left} ${unitWords} too many` : `${left} ${unitWords} left`) : "");
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tally, 1000);
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value !== "insert") {
      isLeaving = true;
      return;
    }
    event.preventDefault();
    const text = saved.value && (await ask(`/saved-answer?name=${encodeURIComponent(saved.value)}`));
    if (!text) return;
    words.focus();
    words.setRangeText(text, words.selectionStart, words.selectionEnd, "end");
    tally();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || isLeaving || String(fields()) === kept) return;
    kept = String(fields());
    ask("/draft", { method: "POST", body: fields(), keepalive: true });
  });
  setInterval(meet, 5000);
  tally();
})();
