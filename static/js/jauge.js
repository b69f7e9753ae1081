/* The gauge under a new password (templates/composants/mot_de_passe.html): shows the level that the server will decide.
   The rules and dictionaries are fetched at the first focus. Without this script the server decides alone. */

const DELAI_ANNONCE = 600; // ms without a key before screen readers are told

function lireListes(attribut) {
  return Object.fromEntries(attribut.trim().split(/\s+/).map((paire) => {
    const egal = paire.indexOf("=");
    return [paire.slice(0, egal), paire.slice(egal + 1)];
  }));
}

function brancher(bloc) {
  const saisie = document.getElementById(bloc.dataset.champ);
  const pas = bloc.querySelector("[data-jauge-pas]");
  const annonce = bloc.querySelector("[data-jauge-annonce]");
  const niveau = bloc.querySelector("[data-jauge-niveau]");
  const suite = bloc.querySelector("[data-jauge-suite]");
  const conseils = bloc.querySelector("[data-jauge-conseils]");
  const champs = bloc.dataset.contexteChamps.split(/\s+/).filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
  const contexteFixe = bloc.dataset.contexte.split("\n").filter(Boolean);
  const exigence = { longueur: Number(bloc.dataset.longueur), niveau: Number(bloc.dataset.niveau) };
  let chargement = null;
  let evaluer = null;
  let minuterie = 0;

  function annoncer(evaluation) {
    niveau.textContent = evaluation.libelle;
    suite.textContent = evaluation.niveau >= exigence.niveau ? "accepté" : "refusé";
    conseils.replaceChildren(...evaluation.conseils.map((phrase) => {
      const ligne = document.createElement("li");
      ligne.textContent = phrase;
      return ligne;
    }));
    annonce.hidden = false;
  }

  function mesurer() {
    if (!evaluer) return;
    clearTimeout(minuterie);
    if (saisie.value === "") {
      delete pas.dataset.niveau;
      annonce.hidden = true;
      return;
    }
    const evaluation = evaluer(saisie.value, [...contexteFixe, ...champs.map((champ) => champ.value)], exigence);
    pas.dataset.niveau = String(evaluation.niveau);
    minuterie = setTimeout(annoncer, DELAI_ANNONCE, evaluation);
  }

  function charger() {
    bloc.hidden = false; // its place is kept from the first focus: nothing moves under a pointer on its way to the button
    chargement ??= import(bloc.dataset.module)
      .then(({ chargerEvaluateur }) => chargerEvaluateur({
        regles: bloc.dataset.regles,
        repliement: bloc.dataset.repliement,
        listes: lireListes(bloc.dataset.listes),
      }))
      .then((pret) => {
        evaluer = pret;
        mesurer();
      })
      .catch(() => {
        chargement = null; // the network failed: tried again at the next focus
      });
  }

  saisie.addEventListener("focus", charger);
  for (const champ of [saisie, ...champs]) champ.addEventListener("input", mesurer);
  if (document.activeElement === saisie) charger();
}

for (const bloc of document.querySelectorAll("[data-jauge]")) brancher(bloc);
