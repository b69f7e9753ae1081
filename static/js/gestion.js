// The keys of the agents' desk. The page holds this script only where the agent has not switched them off.
"use strict";

(() => {
  const LIGNES = ".gestion-tableau tbody tr, #result_list tbody tr";
  const PRENDRE = 'form[action$="/prendre/"] button';

  const lignes = () => [...document.querySelectorAll(LIGNES)].filter((ligne) => ligne.querySelector("a"));
  const courante = () => document.activeElement.closest(LIGNES);

  function aller(pas) {
    const toutes = lignes();
    const rang = toutes.indexOf(courante());
    const voulue = toutes[rang < 0 ? (pas > 0 ? 0 : toutes.length - 1) : rang + pas];
    if (!voulue) return false;
    voulue.querySelector("a").focus();
    voulue.scrollIntoView({ block: "nearest" });
    return true;
  }

  const gestes = {
    "/": () => {
      const champ = document.getElementById("gestion-q");
      if (!champ) return false;
      champ.focus();
      champ.select();
      return true;
    },
    j: () => aller(1),
    k: () => aller(-1),
    p: () => {
      const bouton = (courante() || document.querySelector(".gestion-prise") || document.createElement("p")).querySelector(PRENDRE);
      if (!bouton) return false;
      bouton.click();
      return true;
    },
  };

  document.addEventListener("keydown", (touche) => {
    if (touche.defaultPrevented || touche.ctrlKey || touche.metaKey || touche.altKey || touche.isComposing || touche.repeat && touche.key === "p") return;
    if (touche.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const geste = Object.hasOwn(gestes, touche.key) && gestes[touche.key];
    if (geste && geste()) touche.preventDefault();
  });
})();
