/* The decision of accounts/mots_de_passe/force.py, line for line, over the same files (see there for why and how).
   tests/parcours/test_jauge.py compares the two: change both or neither. */

const KIND_OF_LIST = { "portail.txt": "contexte", "longs.txt": "connu" };
const PREFIXES = [4, 8];
const ALPHABET = new Set(["minuscule", "majuscule", "chiffre"]);
const NATURES_CONSEILLEES = ["connu", "contexte", "copie", "clavier", "suite", "date", "mot"];

const bits = (nombre) => (32 - Math.clz32(nombre)) * 10;

function classer(signe) {
  if (signe >= "a" && signe <= "z") return "minuscule";
  if (signe >= "A" && signe <= "Z") return "majuscule";
  if (signe >= "0" && signe <= "9") return "chiffre";
  return signe === " " ? "espace" : "signe";
}

function preparer(regles, repliement, listes) {
  const replis = new Map();
  for (const [cible, caracteres] of Object.entries(repliement)) {
    for (const caractere of caracteres) replis.set(caractere, cible);
  }
  const mots = new Map();
  for (const [nom, contenu] of listes) {
    let cout = 0;
    for (const ligne of contenu.split("\n")) {
      if (ligne.startsWith("= ")) cout = Number(ligne.slice(2)) * 10;
      else if (ligne) mots.set(ligne, { cout, nature: KIND_OF_LIST[nom] ?? "mot" });
    }
  }
  const prefixes = PREFIXES.map((taille) => {
    const connus = new Set();
    for (const mot of mots.keys()) if (mot.length >= taille) connus.add(mot.slice(0, taille));
    return connus;
  });
  const claviers = regles.claviers.map((rangees) => {
    const places = new Map();
    rangees.forEach((rangee, y) => {
      for (const touches of rangee) {
        Array.from(touches).forEach((touche, x) => {
          if (!places.has(touche)) places.set(touche, [x, y]);
        });
      }
    });
    return places;
  });
  return { regles, replis, mots, prefixes, claviers, compositions: new Map(Object.entries(regles.compositions)) };
}

function lire(donnees, saisie) {
  const { maximale } = donnees.regles.longueur;
  const caracteres = Array.from(saisie);
  const visibles = [];
  for (const caractere of caracteres.slice(0, maximale)) {
    const code = caractere.codePointAt(0);
    const compose = visibles.length ? donnees.compositions.get(visibles.at(-1) + caractere) : undefined;
    if (compose !== undefined) visibles[visibles.length - 1] = compose;
    else if (!donnees.regles.invisibles.some(([debut, fin]) => debut <= code && code <= fin)) {
      visibles.push(code >= 0xd800 && code <= 0xdfff ? "\ufffd" : caractere);
    }
  }
  const plie = [];
  const classes = [];
  const touches = [];
  const codes = [];
  const autres = new Map();
  for (const caractere of visibles) {
    const cible = caractere >= " " && caractere <= "~" ? caractere : (donnees.replis.get(caractere) ?? "");
    for (const signe of cible) {
      const petit = signe.toLowerCase();
      plie.push(petit);
      classes.push(classer(signe));
      touches.push(caractere === signe ? petit : caractere);
      codes.push(petit.charCodeAt(0));
    }
    if (!cible) {
      if (!autres.has(caractere)) autres.set(caractere, String.fromCharCode(0xe000 + autres.size));
      plie.push(autres.get(caractere));
      classes.push("autre");
      touches.push(caractere);
      codes.push(caractere.codePointAt(0));
    }
  }
  return { longueur: visibles.length, tropLong: caracteres.length > maximale, plie: plie.join(""), classes, touches, codes };
}

function motsDuContexte(donnees, contexte) {
  const regle = donnees.regles.contexte;
  const mots = new Set();
  for (const ligne of contexte.flatMap((texte) => texte.split("\n"))) {
    for (const partie of lire(donnees, ligne).plie.split("@")) {
      const morceaux = partie.match(/[a-z0-9]+/g) ?? [];
      for (const mot of [...morceaux, morceaux.join("")]) {
        const minimale = /^[0-9]+$/.test(mot) ? regle.chiffres_minimale : regle.minimale;
        if (minimale <= mot.length && mot.length <= regle.maximale && mots.size < regle.mots) mots.add(mot);
      }
    }
  }
  return [...mots];
}

function coutUnAUn(texte, couts) {
  const vus = new Set();
  return texte.classes.map((classe, i) => {
    const signe = texte.plie[i];
    let cout;
    if (classe === "signe" || classe === "autre") cout = vus.has(signe) ? couts[`${classe}_revu`] : couts[classe];
    else if (classe === "espace") cout = couts.espace;
    else {
      cout = classe === "chiffre" ? couts.chiffre : couts.lettre;
      if (i && classe !== texte.classes[i - 1] && ALPHABET.has(texte.classes[i - 1])) cout += couts.changement_de_classe;
    }
    vus.add(signe);
    return cout;
  });
}

function coutCasse(classes, debut, fin, couts) {
  let majuscules = 0;
  let minuscules = 0;
  for (let i = debut; i < fin; i += 1) {
    if (classes[i] === "majuscule") majuscules += 1;
    else if (classes[i] === "minuscule") minuscules += 1;
  }
  if (!majuscules) return 0;
  if (!minuscules || (majuscules === 1 && classes[debut] === "majuscule")) return couts.majuscule_simple;
  return couts.majuscule_melee * Math.min(majuscules, minuscules);
}

function* lectures(donnees, plie) {
  const places = Array.from(plie, (_, i) => i);
  yield [plie, places, ""];
  for (const table of donnees.regles.substitutions) {
    yield [Array.from(plie, (signe) => table[signe] ?? signe).join(""), places, "substitution"];
  }
  yield [Array.from(plie).reverse().join(""), places.slice().reverse(), "envers"];
  const serre = places.filter((i) => (plie[i] >= "a" && plie[i] <= "z") || (plie[i] >= "0" && plie[i] <= "9"));
  yield [serre.map((i) => plie[i]).join(""), serre, "separateurs"];
}

function* chercherConnus(donnees, lu, minimale, contexte) {
  const { couts, mot: regle } = donnees.regles;
  for (let debut = 0; debut < lu.length; debut += 1) {
    let limite = Math.min(lu.length, debut + regle.maximale);
    for (let rang = 0; rang < PREFIXES.length; rang += 1) {
      if (!donnees.prefixes[rang].has(lu.slice(debut, debut + PREFIXES[rang]))) {
        limite = Math.min(limite, debut + PREFIXES[rang] - 1);
        break;
      }
    }
    for (let fin = debut + minimale; fin <= limite; fin += 1) {
      const mot = donnees.mots.get(lu.slice(debut, fin));
      if (mot) yield [debut, fin, mot.cout, mot.nature];
    }
  }
  for (const personnel of contexte) {
    for (let debut = lu.indexOf(personnel); debut >= 0; debut = lu.indexOf(personnel, debut + 1)) {
      yield [debut, debut + personnel.length, couts.contexte, "contexte"];
    }
  }
}

function* chercherMots(donnees, texte, contexte) {
  const { couts, mot: regle } = donnees.regles;
  for (const [lu, places, lecture] of lectures(donnees, texte.plie)) {
    const minimale = lecture ? regle.deforme_minimale : regle.minimale;
    for (const [luDebut, luFin, cout, nature] of chercherConnus(donnees, lu, minimale, contexte)) {
      const debut = Math.min(places[luDebut], places[luFin - 1]);
      const fin = Math.max(places[luDebut], places[luFin - 1]) + 1;
      let deformations = 0;
      if (lecture === "substitution") {
        for (let i = debut; i < fin; i += 1) if (lu[i] !== texte.plie[i]) deformations += 1;
      } else if (lecture === "envers") deformations = 1;
      else if (lecture === "separateurs") deformations = fin - debut > luFin - luDebut ? 1 : 0;
      if (lecture && !deformations) continue;
      yield [debut, fin, cout + coutCasse(texte.classes, debut, fin, couts) + (lecture ? couts[lecture] * deformations : 0), nature];
    }
  }
}

function* chercherSuites(donnees, texte) {
  const { couts } = donnees.regles;
  const prix = coutUnAUn(texte, couts);
  const taille = texte.plie.length;
  for (let debut = 0; debut < taille - 2; debut += 1) {
    const pas = texte.codes[debut + 1] - texte.codes[debut];
    const ecart = Math.abs(pas);
    if (ecart < 1 || ecart > 5) continue;
    let fin = debut + 1;
    while (fin < taille && texte.codes[fin] - texte.codes[fin - 1] === pas) fin += 1;
    let depart = "az019".includes(texte.plie[debut]) ? couts.suite_banale : prix[debut];
    depart += couts.suite_pas * (ecart - 1) + (pas < 0 ? couts.suite_descendante : 0);
    for (let arret = debut + (ecart === 1 ? 3 : 4); arret <= fin; arret += 1) {
      yield [debut, arret, depart + bits(arret - debut) + coutCasse(texte.classes, debut, arret, couts), "suite"];
    }
  }
}

function* chercherMarches(donnees, texte) {
  const { couts } = donnees.regles;
  const taille = texte.plie.length;
  for (const places of donnees.claviers) {
    for (let debut = 0; debut < taille - 2; debut += 1) {
      let place = places.get(texte.touches[debut]);
      let fin = debut + 1;
      let virages = 0;
      let capX = 0;
      let capY = 0;
      while (place && fin < taille) {
        const suivante = places.get(texte.touches[fin]);
        if (!suivante) break;
        const x = suivante[0] - place[0];
        const y = suivante[1] - place[1];
        if ((x === 0 && y === 0) || Math.abs(x) > 1 || Math.abs(y) > 1) break;
        if (x !== capX || y !== capY) virages += 1;
        capX = x;
        capY = y;
        place = suivante;
        fin += 1;
        if (fin - debut >= 3) {
          const cout = couts.clavier_depart + couts.clavier_virage * virages + bits(fin - debut);
          yield [debut, fin, cout + coutCasse(texte.classes, debut, fin, couts), "clavier"];
        }
      }
    }
  }
}

function nombre(plie, debut, chiffres) {
  const morceau = plie.slice(debut, debut + chiffres);
  return morceau.length === chiffres && /^[0-9]+$/.test(morceau) ? Number(morceau) : -1;
}

function* chercherDates(donnees, texte) {
  const { couts, annees } = donnees.regles;
  const [premiere, derniere] = annees;
  const { plie } = texte;
  for (let debut = 0; debut < plie.length; debut += 1) {
    const annee = nombre(plie, debut, 4);
    if (premiere <= annee && annee <= derniere) yield [debut, debut + 4, couts.annee, "date"];
    for (const tailles of [[2, 2, 4], [2, 2, 2], [4, 2, 2], [1, 2, 4], [2, 1, 4], [1, 1, 4]]) {
      for (const separe of [0, 1]) {
        if (!separe && tailles.includes(1)) continue;
        const milieu = debut + tailles[0] + separe;
        const bout = milieu + tailles[1] + separe;
        const fin = bout + tailles[2];
        if (fin > plie.length) continue;
        if (separe && (!"/-. _".includes(plie[milieu - 1]) || plie[bout - 1] !== plie[milieu - 1])) continue;
        const nombres = [debut, milieu, bout].map((depart, rang) => nombre(plie, depart, tailles[rang]));
        if (tailles[0] === 4) nombres.reverse();
        const [jour, mois, an] = nombres;
        const petit = Math.min(jour, mois);
        const grand = Math.max(jour, mois);
        if (petit < 1 || petit > 12 || grand > 31 || an < 0) continue;
        if (tailles.includes(4) && (an < premiere || an > derniere)) continue;
        yield [debut, fin, couts.date + (separe ? couts.date_separateur : 0), "date"];
      }
    }
  }
}

function* chercherCopies(donnees, texte) {
  const { couts, copie } = donnees.regles;
  const { minimale, maximale, candidats } = copie;
  const { plie, classes } = texte;
  const taille = plie.length;
  const vus = new Map();
  for (let debut = 0; debut <= taille - minimale; debut += 1) {
    const cle = plie.slice(debut, debut + minimale);
    if (!vus.has(cle)) vus.set(cle, []);
    const deja = vus.get(cle);
    let atteint = minimale - 1;
    for (const source of deja.slice(-candidats).reverse()) {
      let longueur = minimale;
      while (longueur < maximale && debut + longueur < taille && plie[source + longueur] === plie[debut + longueur]) {
        longueur += 1;
      }
      let differe = 0;
      for (let garde = 1; garde <= longueur; garde += 1) {
        if (classes[source + garde - 1] !== classes[debut + garde - 1]) differe += 1;
        if (garde <= atteint) continue;
        let cout = couts.copie + bits(debut - source) + bits(garde);
        cout += couts.majuscule_melee * Math.min(differe, garde - differe) + (differe ? couts.majuscule_simple : 0);
        yield [debut, debut + garde, cout, "copie"];
      }
      atteint = Math.max(atteint, longueur);
      if (atteint === maximale) break;
    }
    deja.push(debut);
  }
}

function decouper(donnees, texte, contexte) {
  const taille = texte.plie.length;
  const departs = coutUnAUn(texte, donnees.regles.couts).map((prix, i) => [[i + 1, prix, "caractere"]]);
  const recherches = [
    chercherMots(donnees, texte, contexte),
    chercherSuites(donnees, texte),
    chercherMarches(donnees, texte),
    chercherDates(donnees, texte),
    chercherCopies(donnees, texte),
  ];
  for (const pieces of recherches) {
    for (const [debut, fin, cout, nature] of pieces) departs[debut].push([fin, cout, nature]);
  }
  const meilleurs = Array.from({ length: taille + 1 }, () => ({ cout: -1, debut: 0, nature: "" }));
  meilleurs[0].cout = 0;
  for (let debut = 0; debut < taille; debut += 1) {
    const acquis = meilleurs[debut].cout;
    for (const [fin, cout, nature] of departs[debut]) {
      if (meilleurs[fin].cout < 0 || acquis + cout < meilleurs[fin].cout) meilleurs[fin] = { cout: acquis + cout, debut, nature };
    }
  }
  const couverture = {};
  for (let fin = taille; fin > 0; fin = meilleurs[fin].debut) {
    const { debut, nature } = meilleurs[fin];
    couverture[nature] = (couverture[nature] ?? 0) + fin - debut;
  }
  return { dixiemes: meilleurs[taille].cout, couverture };
}

function conseiller(donnees, texte, niveau, couverture, exigence) {
  const { conseils: phrases, conseil_part: part } = donnees.regles;
  const manque = exigence.longueur - texte.longueur;
  if (texte.tropLong) return [phrases.retirer];
  const conseils = [];
  if (manque > 0) {
    const phrase = manque === 1 ? phrases.ajouter_un : phrases.ajouter.replace("{n}", String(manque));
    conseils.push(phrase.replace("{minimale}", String(exigence.longueur)));
  }
  if (niveau < Math.max(2, exigence.niveau)) {
    const nommees = NATURES_CONSEILLEES.filter((n) => (couverture[n] ?? 0) * part >= Math.max(1, texte.plie.length));
    conseils.push(...nommees.sort((une, autre) => couverture[autre] - couverture[une]).map((nature) => phrases[nature]));
    if (manque <= 0) conseils.push(phrases.allonger);
  }
  return conseils.slice(0, 3);
}

/** Make evaluer(motDePasse, contexte, exigence) from the content of the rules, the folding table and the [name, text] lists. */
export function creerEvaluateur(regles, repliement, listes) {
  const donnees = preparer(regles, repliement, listes);
  return function evaluer(motDePasse, contexte = [], exigence = { longueur: regles.longueur.minimale, niveau: 1 }) {
    const texte = lire(donnees, motDePasse);
    const { dixiemes, couverture } = decouper(donnees, texte, motsDuContexte(donnees, contexte));
    const longueurSuffisante = texte.longueur >= exigence.longueur;
    let niveau = 0;
    if (longueurSuffisante && !texte.tropLong) {
      for (const palier of regles.niveaux) if (dixiemes >= palier.seuil) niveau = Math.max(niveau, palier.niveau);
    }
    return {
      niveau,
      libelle: regles.niveaux[niveau].libelle,
      dixiemesDeBit: dixiemes,
      longueur: texte.longueur,
      longueurSuffisante,
      tropLong: texte.tropLong,
      conseils: conseiller(donnees, texte, niveau, couverture, exigence),
    };
  };
}

async function recevoir(url) {
  const reponse = await fetch(url, { credentials: "same-origin" });
  if (!reponse.ok) throw new Error(`${url} : ${reponse.status}`);
  return reponse;
}

/** Fetch the data files (`listes`: an object name → address) and make the evaluator. */
export async function chargerEvaluateur({ regles, repliement, listes }) {
  const noms = Object.keys(listes);
  const [lesRegles, leRepliement, ...contenus] = await Promise.all([
    recevoir(regles).then((reponse) => reponse.json()),
    recevoir(repliement).then((reponse) => reponse.json()),
    ...noms.map((nom) => recevoir(listes[nom]).then((reponse) => reponse.text())),
  ]);
  return creerEvaluateur(lesRegles, leRepliement, noms.map((nom, rang) => [nom, contenus[rang]]));
}
