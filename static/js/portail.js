// Small improvements; every page works without them.

// The summary of errors is read first; but where one number after the other is scanned, the next replaces the one that was refused.
const scanne = document.querySelector("[data-selection]");
scanne?.addEventListener("focus", () => scanne.select());
(scanne ?? document.querySelector("[data-focus]"))?.focus();
scanne?.select();

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

// Files heavier together than one sending takes: it is said when they are chosen, and nothing leaves, so that no text is lost.
for (const champ of document.querySelectorAll("[data-octets]")) {
  const avis = champ.nextElementSibling;
  const trop = () => [...champ.files].reduce((somme, fichier) => somme + fichier.size, 0) > Number(champ.dataset.octets);
  champ.addEventListener("change", () => {
    avis.hidden = !trop();
  });
  champ.form.addEventListener("submit", (evenement) => {
    if (!trop()) return;
    evenement.preventDefault();
    avis.hidden = false;
    champ.focus();
  });
}

// How much is ticked in a list: the sentence follows the boxes.
for (const phrase of document.querySelectorAll("[data-cochees]")) {
  const formulaire = phrase.closest("form");
  formulaire.addEventListener("change", () => {
    const ici = formulaire.querySelectorAll("[name=habilitations]:checked").length;
    const total = Number(phrase.dataset.cochees) + ici;
    const s = total > 1 ? "s" : "";
    phrase.textContent = total ? `${total} habilitation${s} cochée${s}, dont ${ici || "aucune"} sur cette page` : "Aucune habilitation cochée";
  });
}

// One box that stands for several, and how many are chosen.
for (const maitre of document.querySelectorAll("[data-coche]")) {
  const valeurs = maitre.dataset.coche.split(" ");
  const siennes = [...maitre.form.querySelectorAll("[type=checkbox]")].filter((c) => c !== maitre && valeurs.includes(c.value));
  maitre.addEventListener("change", () => {
    for (const case_ of siennes) case_.checked = maitre.checked;
  });
  maitre.form.addEventListener("change", (evenement) => {
    if (evenement.target !== maitre) maitre.checked = siennes.length > 0 && siennes.every((c) => c.checked);
  });
}
for (const compte of document.querySelectorAll("[data-compte]")) {
  const formulaire = compte.closest("form");
  const dire = () => {
    const nombre = formulaire.querySelectorAll(`[name=${compte.dataset.compte}]:checked`).length;
    compte.textContent = nombre === 0 ? "Aucun service choisi." : nombre === 1 ? "1 service choisi." : `${nombre} services choisis.`;
  };
  formulaire.addEventListener("change", dire);
  window.addEventListener("pageshow", dire);
  dire();
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
      retour.textContent = "La copie a échoué\u00a0: sélectionnez le texte.";
    }
  });
}

// A list that narrows while one types: its page is asked for again, the address follows, the field keeps the focus.
for (const filtre of document.querySelectorAll("[data-restreindre]")) {
  let attente = 0;
  let demande = null;
  filtre.addEventListener("input", () => {
    clearTimeout(attente);
    attente = setTimeout(async () => {
      demande?.abort();
      demande = new AbortController();
      const adresse = `${location.pathname}?${new URLSearchParams([...new FormData(filtre)].filter(([, valeur]) => valeur))}`;
      try {
        const reponse = await fetch(adresse, { signal: demande.signal });
        const page = new DOMParser().parseFromString(await reponse.text(), "text/html");
        const neuve = page.getElementById(filtre.dataset.restreindre);
        if (!reponse.ok || reponse.redirected || !neuve) return;
        document.getElementById(filtre.dataset.restreindre).replaceWith(neuve);
        filtre.querySelector("[data-actifs]")?.replaceWith(page.querySelector("[data-actifs]"));
        history.replaceState(null, "", adresse);
      } catch (erreur) {
        if (erreur.name !== "AbortError") filtre.requestSubmit();
      }
    }, 250);
  });
}

// The person's menu closes as menus do: Escape, or a press elsewhere.
for (const menu of document.querySelectorAll("details.ep-menu")) {
  document.addEventListener("click", (evenement) => {
    if (!menu.contains(evenement.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (evenement) => {
    if (evenement.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// A browser that says it is driven says so in what it sends (R17).
if (navigator.webdriver || "_phantom" in window || "__nightmare" in window) {
  document.addEventListener("formdata", (evenement) => {
    if (evenement.target.method === "post") evenement.formData.set("pilote", "1");
  });
}
