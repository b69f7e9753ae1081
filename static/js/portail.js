// Small improvements; every page works without them.

// The summary of errors is read first.
document.querySelector("[data-focus]")?.focus();

// A form sent twice by an impatient click is sent once. It can be sent again after some seconds: the answer may be a download.
// data-plusieurs-envois on the form: no guard.
const DELAI = 6000;
const envoyes = new WeakSet();
document.addEventListener("submit", (evenement) => {
  const formulaire = evenement.target;
  if (evenement.defaultPrevented || formulaire.method !== "post" || "plusieursEnvois" in formulaire.dataset) return;
  if (envoyes.has(formulaire)) {
    evenement.preventDefault();
    return;
  }
  envoyes.add(formulaire);
  const bouton = evenement.submitter;
  bouton?.setAttribute("aria-disabled", "true");
  setTimeout(() => {
    envoyes.delete(formulaire);
    bouton?.removeAttribute("aria-disabled");
  }, DELAI);
});

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
