// Warns before the session ends by inactivity and offers to go on. All tabs share the time of the last exchange with the server.

const AVERTIR = 5 * 60 * 1000;
const CLE = "derniere-activite";
// The server notes the last use to the minute: count one minute less than it does.
const duree = (Number(document.body.dataset.sessionInactivite) - 60) * 1000;
const dialogue = document.getElementById("ep-session");
const partie = (nom) => dialogue.querySelector(`[data-session="${nom}"]`);
let memoire = Date.now();

function noter() {
  memoire = Date.now();
  try {
    localStorage.setItem(CLE, String(memoire));
  } catch {
    // Storage refused: this tab counts alone.
  }
}

function derniere() {
  try {
    return Math.max(memoire, Number(localStorage.getItem(CLE)));
  } catch {
    return memoire;
  }
}

function ouvrir() {
  if (!dialogue.open) dialogue.showModal();
}

function terminer() {
  clearInterval(horloge);
  document.getElementById("ep-session-titre").textContent = "Session terminée";
  for (const nom of ["avant", "formulaire"]) partie(nom).hidden = true;
  for (const nom of ["apres", "connexion"]) partie(nom).hidden = false;
  ouvrir();
  partie("connexion").querySelector("a").focus();
}

function battre() {
  const reste = derniere() + duree - Date.now();
  if (reste <= 0) {
    terminer();
  } else if (reste <= Math.min(AVERTIR, duree / 2)) {
    const minutes = Math.ceil(reste / 60000);
    const texte = minutes > 1 ? `${minutes} minutes` : "moins d'une minute";
    if (partie("reste").textContent !== texte) partie("reste").textContent = texte;
    ouvrir();
  } else if (dialogue.open) {
    dialogue.close();
  }
}

partie("formulaire").addEventListener("submit", async (evenement) => {
  evenement.preventDefault();
  const formulaire = evenement.target;
  try {
    // Urlencoded, as the form itself would be: no page but one takes a multipart body.
    const corps = new URLSearchParams(new FormData(formulaire));
    const reponse = await fetch(formulaire.action, { method: "POST", body: corps, redirect: "manual" });
    if (!reponse.ok) {
      terminer();
      return;
    }
  } catch {
    partie("avant").textContent = "Le serveur ne répond pas. Vérifiez votre connexion, puis réessayez.";
    return;
  }
  noter();
  dialogue.close();
});
// Escape goes on as the button does.
dialogue.addEventListener("cancel", (evenement) => {
  evenement.preventDefault();
  if (!partie("formulaire").hidden) partie("formulaire").requestSubmit();
});

noter();
const horloge = setInterval(battre, 5000);
