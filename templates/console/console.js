// The queue refreshes itself, and a one-time link fills in its code; everything works without this file.
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
