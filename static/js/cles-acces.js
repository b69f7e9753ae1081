// Passkeys: the French texts that the library's scripts ask by `gettext`, and where to go once a passkey is registered.

const ECHEC = "L’opération n’a pas abouti. Réessayez.";
const ANNULEE = "Opération annulée ou refusée par votre appareil.";
const TEXTES = {
  "Registering...": "Enregistrement en cours…",
  "Finishing registration...": "Vérification de la clé…",
  "Registration successful!": "Votre clé d’accès est enregistrée.",
  "Registration aborted.": ANNULEE,
  "Registration aborted or not allowed.": ANNULEE,
  "Registration failed. You most likely already have a Passkey registered for this site.": "Cet appareil a déjà une clé d’accès pour votre espace.",
  "Verifying...": "Vérification en cours…",
  "Finishing verification...": "Connexion…",
  "Verification successful!": "Identité vérifiée.",
  "Verification aborted.": ANNULEE,
  "Verification canceled or not allowed.": ANNULEE,
};
window.gettext = (texte) => TEXTES[texte] ?? ECHEC;

document.addEventListener("otp_webauthn.register_complete", () => {
  window.location.assign(document.getElementById("cles-acces").dataset.suite);
});
