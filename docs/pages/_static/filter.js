// SPDX-License-Identifier: Apache-2.0
// The field above the gallery hides the cards whose name lacks what is typed.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("filter");
  field?.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase().replace(/[\s-]+/g, "_");
    for (const section of document.querySelectorAll("section:has(> .gallery)")) {
      const cards = [...section.querySelectorAll(".gallery .sd-col")];
      for (const card of cards) card.hidden = !card.textContent.toLowerCase().includes(wanted);
      section.hidden = cards.every((card) => card.hidden);
    }
  });
});
