// Small comforts. Every page works without this file.
"use strict";
document.documentElement.classList.add("js");

// A ticked filter is applied at once: the answer is fetched and put in place, the focus kept.
let latest = 0;
async function apply(form, focused) {
  const mine = ++latest;
  const data = new FormData(form);
  const posted = form.method === "post";
  const address = posted ? form.action : `${form.action}?${new URLSearchParams(data)}`;
  const answer = document.getElementById("answer");
  answer.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(address, posted ? { method: "POST", body: data } : {});
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("answer");
    if (mine !== latest) return;
    if (!response.ok || !fresh || !posted && response.redirected) return form.requestSubmit();
    const open = document.getElementById("filters").open;
    // What depends on the filters besides the list: the rates, the nearest, what was missing.
    for (const part of [".case .fared", ".pair", ".missing", "#answer"]) {
      const [old, now] = [document.querySelector(part), page.querySelector(part)];
      if (old && now) old.replaceWith(now);
    }
    document.getElementById("filters").open = open;
    if (!posted) history.replaceState(null, "", address);
    const [name, value] = focused;
    document.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`)?.focus();
  } catch {
    form.requestSubmit();
  }
}
document.addEventListener("change", ({ target }) => {
  if (target.matches(".filters input")) apply(target.form, [target.name, target.value]);
});

// A file may be dropped on the text.
for (const place of document.querySelectorAll(".drop")) {
  const show = (on) => place.classList.toggle("over", on);
  place.addEventListener("dragover", (event) => { event.preventDefault(); show(true); });
  place.addEventListener("dragleave", () => show(false));
  place.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    show(false);
    place.querySelector("input[type=file]").files = event.dataTransfer.files;
  });
}

// A citation is copied with one press.
for (const text of document.querySelectorAll(".cite code")) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  });
  text.after(" ", button);
}
