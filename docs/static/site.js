// The toggles of the tree of pages have no text: give each the name of the page whose children it opens.
document.addEventListener("DOMContentLoaded", () => {
  for (const toggle of document.querySelectorAll("summary:has(> .toctree-toggle)")) {
    const page = toggle.closest("li").querySelector("a");
    toggle.setAttribute("aria-label", `Pages below ${page.textContent.trim()}`);
  }
});
