// Small improvements; every page works without them.

// The summary of errors is read first.
document.querySelector("[data-focus]")?.focus();

// A form sent twice by an impatient click is sent once. It can be sent again after some seconds, or when one comes back to its page.
// data-plusieurs-envois on the form, as on every one that answers with a file: no guard.
const DELAI = 6000;
const envoyes = new Map();
function liberer(formulaire) {
  envoyes.get(formulaire)?.removeAttribute("aria-disabled");
  envoyes.delete(formulaire);
}
document.addEventListener("submit", (evenement) => {
  const formulaire = evenement.target;
  if (evenement.defaultPrevented || formulaire.method !== "post" || "plusieursEnvois" in formulaire.dataset) return;
  if (envoyes.has(formulaire)) {
    evenement.preventDefault();
    return;
  }
  envoyes.set(formulaire, evenement.submitter);
  evenement.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(() => liberer(formulaire), DELAI);
});
window.addEventListener("pageshow", (evenement) => {
  if (evenement.persisted) for (const formulaire of [...envoyes.keys()]) liberer(formulaire);
});

// How much is ticked in a list: the sentence follows the boxes.
for (const phrase of document.querySelectorAll("[data-cochees]")) {
  const formulaire = phrase.closest("form");
  formulaire.addEventListener("change", () => {
    const ici = formulaire.querySelectorAll("[name=habilitations]:checked").length;
    const total = Number(phrase.dataset.cochees) + ici;
    const s = total > 1 ? "s" : "";
    phrase.textContent = total ? `${total} habilitation${s} cochée${s}, dont ${ici} sur cette page` : "Aucune habilitation cochée";
  });
}

// Copy buttons.
for (const bouton of document.querySelectorAll("[data-copier]")) {
  const cible = document.getElementById(bouton.dataset.copier);
  if (!cible || !navigator.clipboard) continue;
  bouton.hidden = false;
  bouton.addEventListener("click", async () => {
    const retour = bouton.nextElementSibling;
    try {
      await navigator.clipboard.writeText(cible.textContent.trim());
      retour.textContent = "Copié";
    } catch {
      retour.textContent = "La copie a échoué : sélectionnez le texte.";
    }
  });
}

// French typography: no line starts with « : ; ? ! » » nor ends with « « ». What is typed, copied or shown as it is stays as it is.
const TEXTE_BRUT = "textarea, pre, code, script, style, template, select";
const textes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (textes.nextNode()) {
  const noeud = textes.currentNode;
  if (!/ [:;?!»]|« /.test(noeud.data) || noeud.parentElement.closest(TEXTE_BRUT)) continue;
  noeud.data = noeud.data.replace(/ (?=[:;?!»])/g, "\u00a0").replace(/« /g, "«\u00a0");
}
