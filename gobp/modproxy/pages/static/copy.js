// Adds a button to each block of lines to copy. Without scripts the lines are there all the same.
"use strict";

async function copy(text, element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Browsers give no clipboard to pages that came by plain http from another machine.
  getSelection().selectAllChildren(element);
  if (!document.execCommand("copy")) {
    throw new Error("the browser does not copy");
  }
  getSelection().removeAllRanges();
}

for (const block of document.querySelectorAll(".copyable")) {
  const code = block.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await copy(code.textContent, code);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}
