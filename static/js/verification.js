// Gives the verification's widget the one worker that it needs: a file of ours, which the content security policy takes.
// Once it has its proof the page goes on by itself; until then there is nothing to send.

const travail = document.querySelector("[data-travail]").dataset.travail;
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(travail));

const controle = document.querySelector("altcha-widget");
const formulaire = controle.closest("form");
const continuer = formulaire.querySelector("button[type=submit]");
let partie = false;

continuer.disabled = true;
controle.addEventListener("statechange", ({ detail }) => {
  if (detail.state === "verified" && !partie) {
    partie = true;
    continuer.disabled = false;
    formulaire.requestSubmit();
  } else if (detail.state === "error" || detail.state === "expired") {
    continuer.disabled = false;
  }
});
