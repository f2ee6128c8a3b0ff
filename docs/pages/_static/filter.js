// SPDX-License-Identifier: Apache-2.0
// The field above the gallery hides the cards whose name lacks what is typed.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("filter");
  field?.addEventListener("input", () => {
    const bare = (text) => text.toLowerCase().replace(/[\s_-]+/g, "");
    const wanted = bare(field.value);
    for (const section of document.querySelectorAll("section:has(> .gallery)")) {
      const cards = [...section.querySelectorAll(".gallery .sd-col")];
      for (const card of cards) card.hidden = !bare(card.textContent).includes(wanted);
      section.hidden = cards.every((card) => card.hidden);
    }
  });
});
