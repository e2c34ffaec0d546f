// Numbers of pictures that are drawn already: what an element's title says, shown at once beside the pointer.

const tip = html("div", { class: "tip", "aria-hidden": "true" });
tip.hidden = true;
document.body.append(tip);

document.querySelectorAll("svg.chart").forEach((chart) => {
  chart.addEventListener("pointermove", (event) => {
    const told = event.target.querySelector(":scope > title");
    tip.hidden = told === null;
    if (told === null) return;
    tip.textContent = told.textContent;
    tip.style.left = `${Math.min(event.pageX + 12, document.documentElement.clientWidth - 200)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  });
  chart.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
});
