// The record inside the page: copied, or saved to a file.

const record = document.getElementById("record");
if (record !== null) {
  const status = document.getElementById("json-status");
  const content = () => `${JSON.stringify(JSON.parse(record.textContent), null, 1)}\n`;
  // Where a page may not write to the clipboard itself, what is selected can still be copied.
  const copySelected = (text) => {
    const area = html("textarea", { "aria-label": "JSON" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  document.getElementById("copy-json").addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(content());
    } catch {
      done = copySelected(content());
    }
    status.textContent = done ? "Copied." : "This browser did not allow it: save the JSON instead.";
  });
  document.getElementById("save-json").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([content()], { type: "application/json" }));
    const link = html("a", { href: address, download: `${JSON.parse(record.textContent).format}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    status.textContent = "Saved.";
  });
}
